using System.Runtime.InteropServices;
using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>The five capability sets, the secure bits and no_new_privs (capabilities(7), prctl(2)).</summary>
internal static unsafe class Capabilities
{
    private const int SetSecureBits = 28;
    private const int DropFromBounding = 24;
    private const int SetNoNewPrivs = 38;
    private const int GetNoNewPrivs = 39;
    private const int Ambient = 47;
    private const nuint AmbientClearAll = 4;
    private const nint GetCapabilities = 125; // x86-64 numbers
    private const nint SetCapabilities = 126;
    private const uint Version3 = 0x20080522;

    /// <summary>
    /// Root is nobody special (NOROOT), no capability survives a change of user (NO_SETUID_FIXUP off, KEEP_CAPS off), none is
    /// raised as ambient; each with its lock, so that none of it can be undone.
    /// </summary>
    private const nuint SecureBits = 0b1110_1011;

    internal static void DropBounding()
    {
        for (nuint capability = 0; ; capability++)
        {
            if (Interop.Libc.prctl(DropFromBounding, capability, 0, 0, 0) < 0)
            {
                // EINVAL is the first number that the kernel knows no capability by.
                int errorNumber = Marshal.GetLastPInvokeError();
                if (errorNumber == Errno.EINVAL && capability > 0)
                {
                    return;
                }

                throw new SystemCallException("PR_CAPBSET_DROP", errorNumber);
            }
        }
    }

    internal static void LockSecureBits() =>
        SystemCallException.Check(Interop.Libc.prctl(SetSecureBits, SecureBits, 0, 0, 0), "PR_SET_SECUREBITS");

    /// <summary>Empties the ambient, inheritable, permitted and effective sets and reads back that they are.</summary>
    internal static void DropAll()
    {
        SystemCallException.Check(Interop.Libc.prctl(Ambient, AmbientClearAll, 0, 0, 0), "PR_CAP_AMBIENT");

        // struct __user_cap_header_struct: version, process; two of __user_cap_data_struct: effective, permitted, inheritable.
        uint* header = stackalloc uint[2] { Version3, 0 };
        uint* data = stackalloc uint[6];
        new Span<uint>(data, 6).Clear();
        SystemCallException.Check((int)Interop.Libc.syscall(SetCapabilities, (nuint)header, (nuint)data, 0), "capset");
        new Span<uint>(data, 6).Fill(uint.MaxValue);
        SystemCallException.Check((int)Interop.Libc.syscall(GetCapabilities, (nuint)header, (nuint)data, 0), "capget");
        if (new Span<uint>(data, 6).ContainsAnyExcept(0u))
        {
            throw new InvalidOperationException("capabilities are left");
        }
    }

    internal static void SetNoNewPrivileges()
    {
        SystemCallException.Check(Interop.Libc.prctl(SetNoNewPrivs, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
        if (Interop.Libc.prctl(GetNoNewPrivs, 0, 0, 0, 0) != 1)
        {
            throw new InvalidOperationException("no_new_privs is not set");
        }
    }
}
