using System.Buffers.Binary;
using System.Text;
using Mantle.Init.Kernel;

namespace Mantle.Init.Verity;

/// <summary>A device of the device mapper.</summary>
/// <param name="Path">For example <c>/dev/dm-0</c>.</param>
/// <param name="Number"><c>major:minor</c>, as a table names it.</param>
internal sealed record MappedDevice(string Path, string Number);

/// <summary>
/// The device mapper's control device (<c>include/uapi/linux/dm-ioctl.h</c>): makes read-only devices with one target.
/// </summary>
internal static unsafe class DeviceMapper
{
    private const int HeaderLength = 312; // sizeof(struct dm_ioctl)
    private const int TargetLength = 40; // sizeof(struct dm_target_spec)
    private const int BufferLength = 2048;
    private const uint ReadOnlyFlag = 1;
    private const uint SecureDataFlag = 1 << 15; // the kernel wipes its copy of the request
    private const uint DeferredRemoveFlag = 1 << 17;
    private const byte Create = 3;
    private const byte Remove = 4;
    private const byte Suspend = 6; // without the suspend flag it resumes
    private const byte Load = 9;

    /// <summary>Makes the device.</summary>
    /// <param name="name">Name within the device mapper.</param>
    /// <param name="target">Target type, for example <c>verity</c>.</param>
    /// <param name="sectors">Length in sectors of 512 bytes.</param>
    /// <param name="parameters">The target's parameters.</param>
    internal static MappedDevice CreateDevice(string name, string target, ulong sectors, string parameters) =>
        CreateDevice(name, target, sectors, Encoding.ASCII.GetBytes(parameters));

    /// <summary>Makes the device. No copy of the parameters is left, here or in the kernel's request; the target keeps what it needs.</summary>
    internal static MappedDevice CreateDevice(string name, string target, ulong sectors, ReadOnlySpan<byte> parameters)
    {
        int control = KernelFile.Open("/dev/mapper/control", OpenFlags.ReadWrite);

        // Pinned: what the garbage collector moves it leaves behind.
        byte[] table = GC.AllocateArray<byte>(BufferLength, pinned: true);
        bool isCreated = false;
        try
        {
            byte[] created = new byte[BufferLength];
            Request(created, name, 0, 0);
            Control(control, Create, created, name);
            isCreated = true;

            Request(table, name, ReadOnlyFlag | SecureDataFlag, 1);
            WriteTarget(table.AsSpan(HeaderLength), target, sectors, parameters);
            Control(control, Load, table, name);

            byte[] resumed = new byte[BufferLength];
            Request(resumed, name, ReadOnlyFlag, 0);
            Control(control, Suspend, resumed, name);
            isCreated = false;

            // new_encode_dev: minor bits 0-7, major bits 8-19, the minor's rest above.
            ulong number = BinaryPrimitives.ReadUInt64LittleEndian(created.AsSpan(40));
            ulong minor = (number & 0xFF) | ((number >> 12) & 0xFFF00);
            return new MappedDevice($"/dev/dm-{minor}", $"{(number >> 8) & 0xFFF}:{minor}");
        }
        finally
        {
            table.AsSpan().Clear();
            _ = Interop.Libc.close(control);
            if (isCreated)
            {
                RemoveDevice(name);
            }
        }
    }

    /// <summary>Takes a device away, or has it taken away with its last user. One that isn't there is as good.</summary>
    internal static void RemoveDevice(string name)
    {
        int control = KernelFile.Open("/dev/mapper/control", OpenFlags.ReadWrite);
        try
        {
            byte[] buffer = new byte[BufferLength];
            Request(buffer, name, DeferredRemoveFlag, 0);
            Control(control, Remove, buffer, name);
        }
        catch (SystemCallException)
        {
            // Whoever needs the name will be told that it's taken.
        }
        finally
        {
            _ = Interop.Libc.close(control);
        }
    }

    private static void Request(Span<byte> buffer, string name, uint flags, uint targets)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, 4); // interface version 4.0.0: all that is used here is older, or ignored by what is
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[12..], BufferLength);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[16..], HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[20..], targets);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[28..], flags);
        Encoding.ASCII.GetBytes(name, buffer.Slice(48, 127));
    }

    private static void WriteTarget(Span<byte> buffer, string target, ulong sectors, ReadOnlySpan<byte> parameters)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(buffer[8..], sectors);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[20..], (uint)(TargetLength + parameters.Length + 1));
        Encoding.ASCII.GetBytes(target, buffer.Slice(24, 15));
        parameters.CopyTo(buffer[TargetLength..^1]);
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
