"""What is promised when parts fail: a script for each fault, and a short form of each as a test."""
