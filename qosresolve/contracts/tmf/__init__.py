"""TM Forum's words for what goes out: TMF656, TMF621, TMF701, JeopardyAlert and TMF688 as JSON values.

Pure: core types in, dicts and lists out. What comes back is read by intake; which topics are written so is a
setting's business.
"""
