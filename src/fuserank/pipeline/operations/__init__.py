"""Operations: the processes that `fuserank up` keeps running, what is up now, and whether this machine is fit for it."""
