"""How many bytes a client keeps for its servers, and what goes first where they run out."""


class Budget:
    """`memory` bytes for all that is kept because of servers, all of them together.

    Each of the `users` has `size`, the bytes it keeps, and `fixed`: must they stay until their
    time? Others have `evict()`, which drops the oldest thing and returns how many bytes that
    were, also off its `size`; 0 where nothing may go now. The first user is asked first, until it
    has nothing left: stored samples are put in front (`users.insert(0, ...)`), then what a server
    can have again, such as a representation that goes out in blocks.

    `handler_time` is how long a handler may take that is a coroutine, ms.
    """

    memory = 49152
    handler_time = 60000

    def __init__(self):
        self.users = []

    def take(self, user, size: int, evict: bool = True) -> bool:
        """`user` keeps `size` bytes more, if there is room for them; `evict`: or room to be made.

        Nothing is dropped in vain. The user takes what it gives back off its `size`.
        """
        used = fixed = size
        for other in self.users:
            used += other.size
            fixed += other.fixed * other.size
        if (fixed if evict else used) > self.memory:
            return False
        for other in self.users:
            freed = not other.fixed
            while freed and used > self.memory:
                freed = other.evict()
                used -= freed
        if used > self.memory:
            return False
        user.size += size
        return True
