using System.Buffers.Binary;
using System.Text;
using Mantle.Init.Kernel;

namespace Mantle.Init.Verity;

/// <summary>
/// The device mapper's control device (<c>include/uapi/linux/dm-ioctl.h</c>): makes one read-only device with one target.
/// </summary>
internal static unsafe class DeviceMapper
{
    private const int HeaderLength = 312; // sizeof(struct dm_ioctl)
    private const int TargetLength = 40; // sizeof(struct dm_target_spec)
    private const int BufferLength = 2048;
    private const uint ReadOnlyFlag = 1;
    private const byte Create = 3;
    private const byte Suspend = 6; // without the suspend flag it resumes
    private const byte Load = 9;

    /// <summary>Makes the device and returns its path.</summary>
    /// <param name="name">Name within the device mapper.</param>
    /// <param name="target">Target type, for example <c>verity</c>.</param>
    /// <param name="sectors">Length in sectors of 512 bytes.</param>
    /// <param name="parameters">The target's parameters.</param>
    internal static string CreateDevice(string name, string target, ulong sectors, string parameters)
    {
        int control = KernelFile.Open("/dev/mapper/control", OpenFlags.ReadWrite);
        try
        {
            byte[] created = Request(name, 0, 0);
            Control(control, Create, created, name);

            // new_encode_dev: minor bits 0-7, major bits 8-19, the minor's rest above.
            ulong number = BinaryPrimitives.ReadUInt64LittleEndian(created.AsSpan(40));
            ulong minor = (number & 0xFF) | ((number >> 12) & 0xFFF00);

            byte[] table = Request(name, ReadOnlyFlag, 1);
            WriteTarget(table.AsSpan(HeaderLength), target, sectors, parameters);
            Control(control, Load, table, name);
            Control(control, Suspend, Request(name, ReadOnlyFlag, 0), name);
            return $"/dev/dm-{minor}";
        }
        finally
        {
            _ = Interop.Libc.close(control);
        }
    }

    private static byte[] Request(string name, uint flags, uint targets)
    {
        byte[] buffer = new byte[BufferLength];
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, 4); // interface version 4.0.0: all that is used here is older
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(12), BufferLength);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(16), HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(20), targets);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(28), flags);
        Encoding.ASCII.GetBytes(name, buffer.AsSpan(48, 127));
        return buffer;
    }

    private static void WriteTarget(Span<byte> buffer, string target, ulong sectors, string parameters)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(buffer[8..], sectors);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[20..], (uint)(TargetLength + parameters.Length + 1));
        Encoding.ASCII.GetBytes(target, buffer.Slice(24, 15));
        Encoding.ASCII.GetBytes(parameters, buffer[TargetLength..^1]);
    }

    private static void Control(int control, byte command, byte[] buffer, string name)
    {
        const nuint ReadWrite = 3u << 30;
        nuint request = ReadWrite | (HeaderLength << 16) | (0xFDu << 8) | command;
        fixed (byte* pointer = buffer)
        {
            SystemCallException.Check(Interop.Libc.ioctl(control, request, pointer), $"device mapper command {command} on \"{name}\"");
        }
    }
}
