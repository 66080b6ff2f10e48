"""Messages → text, HTML, Slack blocks. Pure; what comes from elsewhere is escaped for each form."""
