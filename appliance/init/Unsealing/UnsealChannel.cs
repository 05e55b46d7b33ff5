using System.Runtime.InteropServices;
using Mantle.Init.Kernel;

namespace Mantle.Init.Unsealing;

/// <summary>
/// The two ends of a socket pair (unix(7), SOCK_SEQPACKET: datagrams in order, and an end that is seen). It has no name, so
/// nobody else can come in.
/// </summary>
internal sealed unsafe class UnsealChannel
{
    private const int FamilyUnix = 1, SequencedPackets = 5;
    private const int CloseOnExec = 0x80000;
    private const int SocketLevel = 1, SendBufferForce = 32;
    private const int DoNotWait = 0x40, NoSignal = 0x4000, RealLength = 0x20;
    private const int SendBuffer = 1 << 20; // every blob there can be at once

    internal UnsealChannel()
    {
        int* pair = stackalloc int[2];
        SystemCallException.Check(Interop.Libc.socketpair(FamilyUnix, SequencedPackets | CloseOnExec, 0, pair), "socketpair");
        (Descriptor, Peer) = (pair[0], pair[1]);
        int length = SendBuffer;
        _ = Interop.Libc.setsockopt(Descriptor, SocketLevel, SendBufferForce, (byte*)&length, sizeof(int));
    }

    /// <summary>PID 1's end.</summary>
    internal int Descriptor { get; private set; }

    /// <summary>The program's end, until <see cref="ClosePeer"/>.</summary>
    internal int Peer { get; private set; }

    /// <summary>The program has its own copy now.</summary>
    internal void ClosePeer()
    {
        _ = Interop.Libc.close(Peer);
        Peer = -1;
    }

    internal void Send(ReadOnlySpan<byte> datagram)
    {
        fixed (byte* pointer = datagram)
        {
            if (Interop.Libc.sendto(Descriptor, pointer, (nuint)datagram.Length, DoNotWait | NoSignal, null, 0) != datagram.Length)
            {
                throw SystemCallException.Last("send");
            }
        }
    }

    /// <summary>The next datagram.</summary>
    /// <param name="buffer">As long as the longest; what it holds is the caller's to overwrite.</param>
    /// <returns>Its length; 0 at the end of the channel, -1 for one that is longer than the buffer, null when there is none now.</returns>
    internal int? Receive(Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            nint length = Interop.Libc.recv(Descriptor, pointer, (nuint)buffer.Length, DoNotWait | RealLength);
            return length < 0 && Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR ? null
                : length < 0 ? 0
                : length > buffer.Length ? -1
                : (int)length;
        }
    }

    /// <summary>Closes both ends.</summary>
    internal void Close()
    {
        if (Peer >= 0)
        {
            ClosePeer();
        }

        if (Descriptor >= 0)
        {
            _ = Interop.Libc.close(Descriptor);
            Descriptor = -1;
        }
    }
}
