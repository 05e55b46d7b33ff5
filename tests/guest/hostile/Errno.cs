namespace Mantle.Hostile;

/// <summary>Names of error numbers, errno(3).</summary>
internal static class Errno
{
    private static readonly Dictionary<int, string> s_names = new()
    {
        [1] = "EPERM",
        [2] = "ENOENT",
        [3] = "ESRCH",
        [6] = "ENXIO",
        [9] = "EBADF",
        [13] = "EACCES",
        [14] = "EFAULT",
        [16] = "EBUSY",
        [17] = "EEXIST",
        [18] = "EXDEV",
        [19] = "ENODEV",
        [20] = "ENOTDIR",
        [21] = "EISDIR",
        [22] = "EINVAL",
        [26] = "ETXTBSY",
        [28] = "ENOSPC",
        [30] = "EROFS",
        [38] = "ENOSYS",
        [92] = "ENOPROTOOPT",
        [93] = "EPROTONOSUPPORT",
        [94] = "ESOCKTNOSUPPORT",
        [95] = "EOPNOTSUPP",
        [97] = "EAFNOSUPPORT",
        [98] = "EADDRINUSE",
        [99] = "EADDRNOTAVAIL",
        [101] = "ENETUNREACH",
        [110] = "ETIMEDOUT",
        [111] = "ECONNREFUSED",
        [113] = "EHOSTUNREACH",
    };

    public static string NameOf(int number) => s_names.GetValueOrDefault(number, $"error {number}");
}
