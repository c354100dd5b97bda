"""Batches computed in several threads come back in order."""

import threading

import pytest

from ramanstudio.core import parallel


@pytest.fixture(autouse=True)
def two_threads():
    before = parallel.threads()
    parallel.set_threads(2)
    yield
    parallel.set_threads(before)


def test_results_come_in_the_order_of_the_batches_from_several_threads():
    both = threading.Barrier(2, timeout=60)
    names = set()

    def compute(number):
        names.add(threading.current_thread().name)
        if number < 2:
            both.wait()  # returns only once two threads compute
        return number**2

    assert list(parallel.map_ordered(compute, range(20))) == [(number, number**2) for number in range(20)]
    assert len(names) == 2


def test_an_error_reaches_the_caller_and_later_batches_are_not_computed():
    computed = []

    def compute(number):
        if number == 3:
            raise ValueError("three")
        computed.append(number)

    with pytest.raises(ValueError, match="three"):
        list(parallel.map_ordered(compute, range(1000)))
    assert len(computed) < 20


def test_work_inside_a_thread_of_such_work_stays_in_that_thread():
    def compute(number):
        inner = parallel.map_ordered(lambda _: threading.current_thread().name, range(4))
        return {name for _, name in inner} == {threading.current_thread().name}

    assert all(stays for _, stays in parallel.map_ordered(compute, range(6)))


def test_slices_cover_all_rows_once():
    assert parallel.slices(10, 4) == [slice(0, 4), slice(4, 8), slice(8, 10)]
    assert parallel.slices(0, 4) == []
