"""The queues that workers on PostgreSQL share. Apart from job_queue.py, so that the command's help loads no database."""

TICKS, SEND, BESIDE = QUEUES = ("ticks", "send", "beside")
