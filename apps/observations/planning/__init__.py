"""From a question to numbers: where the answer lies, how it is added up, and what is printed beside it."""
