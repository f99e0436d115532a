"""What a receiver of escalations is told, in its own words, and what its answers mean.

Reading Kafka, offsets and dead letters are `kafka.notify`'s business.
"""
