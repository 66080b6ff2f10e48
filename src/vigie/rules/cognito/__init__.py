"""Rules on Amazon Cognito."""
