"""The one error a user is meant to read."""


class StudioError(Exception):
    """A sentence that says what happened and to what, with a remedy that says what to do.

    `str(error)` is both, as one line; the window and the command line show it as it is.
    """

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence, remedy)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()
