"""
Prices and limits that AWS publishes, as used here; us-east-1, US dollars. Second-hand: check before you rely on them.

DynamoDB, SQS, SES, Lambda, EventBridge Scheduler, Step Functions and CloudWatch pricing pages, read in November 2026.
"""

WRITE_UNIT = 0.625e-6
READ_UNIT = 0.125e-6
SQS_REQUEST = 0.40e-6
"""A request carries up to ten messages; receiving and deleting are requests too."""
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 0.0000133334
"""On arm64."""
EMAIL = 100e-6
EMAIL_NEW_ACCOUNT = 160e-6
"""For accounts opened since July 2026."""
SCHEDULER_INVOCATION = 1e-6
TRANSITION = 25e-6
"""Of a standard workflow of Step Functions."""
LOG_BYTE = 0.50 / 1e9

NEW_TABLE_WRITES, NEW_TABLE_READS = 4_000, 12_000
"""Units a second that a new table on demand takes (DynamoDB Developer Guide); one partition 1,000 and 3,000."""
SES_RATES = (14, 500)
"""E-mails a second: a new account's, and one that has asked for more."""
DELIVER_AT_ONCE, BATCH = 10, 10
"""Functions of deliver that run at once (infra/resources/functions.yaml), and messages that each is given."""
STORE_SECONDS, PROVIDER_SECONDS = 0.005, 0.030
"""What a call of the table, and of a provider, is taken to last."""
