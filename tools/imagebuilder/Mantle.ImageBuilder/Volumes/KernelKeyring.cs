using System.Runtime.InteropServices;
using System.Text;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>
/// The kernel's key ring of the user (keyrings(7)): memory of the kernel's that is never written to a disk and that outlives a process, but not the machine's
/// next start. Where it can't be used (a container may forbid it) nothing is kept.
/// </summary>
internal static unsafe partial class KernelKeyring
{
    private const nint AddKey = 248, KeyControl = 250; // x86-64 numbers
    private const nint UserKeyring = -4;
    private const nint Unlink = 9, Search = 10, Read = 11, SetTimeout = 15;
    private const nint KeptSeconds = 24 * 3600;

    /// <summary>Keeps a key for a day; false when it can't be kept.</summary>
    public static bool TryKeep(string description, ReadOnlySpan<byte> key)
    {
        fixed (byte* type = "user\0"u8, name = Terminated(description), payload = key)
        {
            nint serial = syscall(AddKey, (nint)type, (nint)name, (nint)payload, key.Length, UserKeyring);
            return serial > 0 && syscall(KeyControl, SetTimeout, serial, KeptSeconds, 0, 0) == 0;
        }
    }

    /// <summary>A key that was kept; null when it isn't there.</summary>
    public static VolumeKey? TryRead(string description, int length)
    {
        byte[] payload = GC.AllocateArray<byte>(length, pinned: true);
        fixed (byte* buffer = payload)
        {
            nint serial = Find(description);
            bool isWhole = serial > 0 && syscall(KeyControl, Read, serial, (nint)buffer, length, 0) == length;
            VolumeKey? key = isWhole ? new VolumeKey(payload) : null;
            Array.Clear(payload);
            return key;
        }
    }

    /// <summary>Forgets a key.</summary>
    public static void Forget(string description)
    {
        if (Find(description) is > 0 and nint serial)
        {
            _ = syscall(KeyControl, Unlink, serial, UserKeyring, 0, 0);
        }
    }

    private static nint Find(string description)
    {
        fixed (byte* type = "user\0"u8, name = Terminated(description))
        {
            return syscall(KeyControl, Search, UserKeyring, (nint)type, (nint)name, 0);
        }
    }

    private static byte[] Terminated(string text) => Encoding.ASCII.GetBytes(text + '\0');

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth);
}
