using System.Buffers.Binary;
using Mantle.Init.Kernel;
using Mantle.Init.Phases;

namespace Mantle.Init.Unsealing;

/// <summary>
/// Tells the stage code to whoever connects: two hexadecimal digits and a newline, then the end. Not a byte is read from the
/// network here, so there is nothing that a peer could say to PID 1.
/// </summary>
internal sealed unsafe class StatusPort : EventSource
{
    private const int FamilyInternet = 2, Stream = 1, CloseOnExecNonBlocking = 0x80800;
    private const int SocketLevel = 1, ReuseAddress = 2;
    private const int Waiting = 16;
    private const int NoSignal = 0x4000;
    private readonly StageStatus _status;

    internal StatusPort(int port, StageStatus status)
    {
        _status = status;
        Descriptor = SystemCallException.Check(Interop.Libc.socket(FamilyInternet, Stream | CloseOnExecNonBlocking, 0), "status socket");
        int yes = 1;
        SystemCallException.Check(Interop.Libc.setsockopt(Descriptor, SocketLevel, ReuseAddress, (byte*)&yes, 4), "SO_REUSEADDR");

        // struct sockaddr_in: family 2, port 2 (big-endian), address 4 (any), padding 8.
        byte* address = stackalloc byte[16];
        Span<byte> bytes = new(address, 16);
        bytes.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, FamilyInternet);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)port);
        SystemCallException.Check(Interop.Libc.bind(Descriptor, address, 16), "status bind");
        SystemCallException.Check(Interop.Libc.listen(Descriptor, Waiting), "status listen");
    }

    /// <inheritdoc/>
    internal override int Descriptor { get; }

    /// <summary>What a peer is told.</summary>
    internal static byte[] Answer(byte code) => [Digit(code >> 4), Digit(code & 0xF), (byte)'\n'];

    /// <inheritdoc/>
    internal override void OnReadable(long now)
    {
        // One peer a turn, as everywhere in the loop. A peer that is gone already is no error.
        int peer = Interop.Libc.accept4(Descriptor, null, null, CloseOnExecNonBlocking);
        if (peer < 0)
        {
            return;
        }

        fixed (byte* answer = Answer(_status.Code))
        {
            _ = Interop.Libc.sendto(peer, answer, 3, NoSignal, null, 0);
        }

        _ = Interop.Libc.close(peer);
    }

    private static byte Digit(int value) => (byte)"0123456789abcdef"[value];
}
