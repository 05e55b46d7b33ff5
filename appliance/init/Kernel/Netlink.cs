using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Mantle.Init.Kernel;

/// <summary>Sockets of netlink(7).</summary>
internal static unsafe class Netlink
{
    internal const int Route = 0;
    internal const int KernelObjectUevent = 15;
    private const int AddressFamily = 16;
    private const int Raw = 3;
    private const int SocketCloseOnExec = 0x80000;
    private const int SocketNonBlocking = 0x800;

    /// <summary>Opens a non-blocking socket that hears the given multicast groups.</summary>
    internal static int Open(int protocol, uint groups)
    {
        int descriptor = SystemCallException.Check(
            Interop.Libc.socket(AddressFamily, Raw | SocketCloseOnExec | SocketNonBlocking, protocol), "netlink socket");

        // struct sockaddr_nl: family 2, padding 2, port 4, groups 4.
        byte* address = stackalloc byte[12];
        Span<byte> span = new(address, 12);
        BinaryPrimitives.WriteUInt16LittleEndian(span, AddressFamily);
        BinaryPrimitives.WriteUInt32LittleEndian(span[8..], groups);
        SystemCallException.Check(Interop.Libc.bind(descriptor, address, 12), "netlink bind");
        return descriptor;
    }

    /// <summary>Waits until something is heard, at most so many milliseconds, and forgets what it was.</summary>
    internal static void WaitAndDrain(int descriptor, int milliseconds)
    {
        PollDescriptor poll = new() { Descriptor = descriptor, Events = PollDescriptor.Input };
        _ = Interop.Libc.poll(&poll, 1, milliseconds);
        byte* buffer = stackalloc byte[4096];
        while (Interop.Libc.recv(descriptor, buffer, 4096, 0) > 0)
        {
        }
    }

    /// <summary>The next datagram; empty when there is none now. A lost one (the kernel's queue ran over) is skipped.</summary>
    internal static ReadOnlySpan<byte> Receive(int descriptor, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            nint length = Interop.Libc.recv(descriptor, pointer, (nuint)buffer.Length, 0);
            return length > 0 ? buffer[..(int)length] : default;
        }
    }

    /// <summary>Sends a datagram to the kernel.</summary>
    internal static void Send(int descriptor, ReadOnlySpan<byte> message)
    {
        byte* address = stackalloc byte[12];
        new Span<byte>(address, 12).Clear();
        address[0] = AddressFamily;
        fixed (byte* pointer = message)
        {
            if (Interop.Libc.sendto(descriptor, pointer, (nuint)message.Length, 0, address, 12) != message.Length)
            {
                throw new SystemCallException("netlink send", Marshal.GetLastPInvokeError());
            }
        }
    }
}
