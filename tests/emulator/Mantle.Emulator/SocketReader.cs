using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mantle.Emulator;

/// <summary>Exact reads from a stream socket, with or without a file descriptor alongside.</summary>
internal static class SocketReader
{
    /// <summary>Fills the buffer; false if the other side closed before the first byte.</summary>
    public static bool TryReadExactly(this Socket socket, Span<byte> buffer)
    {
        for (int filled = 0; filled < buffer.Length;)
        {
            int count = socket.Receive(buffer[filled..]);
            if (count == 0)
            {
                return filled == 0 ? false : throw new EmulatorException("a socket was closed within a message");
            }

            filled += count;
        }

        return true;
    }

    /// <summary>Sends all bytes.</summary>
    public static void SendExactly(this Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    /// <summary>
    /// Receives at most <c>buffer.Length</c> bytes and, if one came along (SCM_RIGHTS), the socket that was passed. The framework has no call for that.
    /// </summary>
    public static unsafe int ReceiveWithSocket(this Socket socket, Span<byte> buffer, out Socket? passed)
    {
        fixed (byte* bytes = buffer)
        {
            Interop.Libc.DescriptorMessage control = default;
            Interop.Libc.IoVector vector = new() { Base = bytes, Length = buffer.Length };
            Interop.Libc.MessageHeader message = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = &control,
                ControlLength = sizeof(Interop.Libc.DescriptorMessage),
            };
            nint count = Interop.Libc.recvmsg(socket.SafeHandle, &message, Interop.Libc.MSG_CMSG_CLOEXEC);
            if (count < 0)
            {
                throw new EmulatorException($"recvmsg: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
            }

            bool isPassed = message.ControlLength >= sizeof(Interop.Libc.DescriptorMessage) - sizeof(int)
                && control.Level == Interop.Libc.SOL_SOCKET
                && control.Type == Interop.Libc.SCM_RIGHTS;
            passed = isPassed ? new Socket(new SafeSocketHandle(control.Descriptor, ownsHandle: true)) : null;
            return (int)count;
        }
    }
}
