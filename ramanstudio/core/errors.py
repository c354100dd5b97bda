"""StudioError, the one error that is shown to users."""


class StudioError(Exception):
    """An error with a sentence that says what happened to what, and a remedy that says what to do.

    `str(error)` is both in one line, as the window and the command line show it.
    """

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence, remedy)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()
