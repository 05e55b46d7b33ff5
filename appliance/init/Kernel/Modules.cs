using System.Runtime.InteropServices;
using System.Text;

namespace Mantle.Init.Kernel;

/// <summary>Loads the kernel modules of the initrd in the order that the builder computed from their <c>depends=</c>.</summary>
internal static class Modules
{
    private const int FinitModule = 313; // x86-64 number of finit_module(2)
    private const uint CompressedFile = 4; // MODULE_INIT_COMPRESSED_FILE

    /// <summary>File names of <c>/modules/order</c>: one a line, LF.</summary>
    /// <exception cref="InvalidDataException">A line is not the plain file name of a module.</exception>
    internal static string[] ReadOrder(ReadOnlySpan<byte> order)
    {
        string text = Encoding.ASCII.GetString(order);
        string[] names = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string name in names)
        {
            bool plain = name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.') && name[0] != '.';
            if (!plain || !(name.EndsWith(".ko", StringComparison.Ordinal) || IsCompressed(name)))
            {
                throw new InvalidDataException($"module order: \"{name}\" is not the file name of a module");
            }
        }

        return names;
    }

    /// <summary>Loads one module; the kernel decompresses it and checks its signature.</summary>
    internal static unsafe void Load(string folder, string name)
    {
        string path = $"{folder}/{name}";
        int descriptor = KernelFile.Open(path, OpenFlags.ReadOnly);
        byte noParameters = 0;
        nint result = Interop.Libc.syscall(FinitModule, (nuint)descriptor, (nuint)(&noParameters), IsCompressed(name) ? CompressedFile : 0);
        int errorNumber = Marshal.GetLastPInvokeError();
        _ = Interop.Libc.close(descriptor);

        // ENODEV: a module for hardware that this machine has not got. Whoever needs the hardware will find it missing.
        if (result < 0 && errorNumber is not (Errno.EEXIST or Errno.ENODEV))
        {
            throw new SystemCallException($"finit_module \"{name}\"", errorNumber);
        }
    }

    private static bool IsCompressed(string name) => name.EndsWith(".ko.xz", StringComparison.Ordinal);
}
