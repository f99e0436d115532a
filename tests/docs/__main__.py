"""`make docs-reference`: writes what is generated."""

from tests.docs.generated import texts, write

if __name__ == "__main__":
    write(texts())
