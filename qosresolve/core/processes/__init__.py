"""The eight level-4 processes of eTOM 1.3.8.5, one module each.

Each module decides for its process: `follow` says what a report's present state asks for, `due` what the
passing of time asks for, and the other functions answer one input. All return facts or a named refusal;
none knows another process's inside.
"""
