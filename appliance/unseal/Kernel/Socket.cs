using System.Runtime.InteropServices;

namespace Mantle.Unseal.Kernel;

/// <summary>recv(2) and send(2) of whole datagrams. The framework's socket would take copies of its own.</summary>
internal static unsafe class Socket
{
    /// <summary>Receives a datagram.</summary>
    /// <returns>Its length, also when it is longer than the buffer; 0 when the other end is closed.</returns>
    /// <exception cref="IOException">The socket failed.</exception>
    public static int Receive(int descriptor, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            while (true)
            {
                nint length = Interop.Libc.recv(descriptor, pointer, (nuint)buffer.Length, Interop.Libc.MSG_TRUNC);
                if (length >= 0)
                {
                    return (int)length;
                }

                ThrowUnlessInterrupted("recv");
            }
        }
    }

    /// <summary>Whether a datagram waits, or the other end is closed.</summary>
    public static bool HasDatagram(int descriptor)
    {
        byte one;
        return Interop.Libc.recv(descriptor, &one, 1, Interop.Libc.MSG_PEEK | Interop.Libc.MSG_DONTWAIT) >= 0;
    }

    /// <summary>Sends a datagram.</summary>
    /// <exception cref="IOException">The other end is gone.</exception>
    public static void Send(int descriptor, ReadOnlySpan<byte> datagram)
    {
        fixed (byte* pointer = datagram)
        {
            while (Interop.Libc.send(descriptor, pointer, (nuint)datagram.Length, Interop.Libc.MSG_NOSIGNAL) < 0)
            {
                ThrowUnlessInterrupted("send");
            }
        }
    }

    private static void ThrowUnlessInterrupted(string call)
    {
        int error = Marshal.GetLastPInvokeError();
        if (error != Interop.Libc.EINTR)
        {
            throw new IOException($"{call}: {error}");
        }
    }
}
