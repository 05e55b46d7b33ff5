using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Unseal.Kernel;

namespace Mantle.Unseal.Control;

/// <summary>
/// The conversation with process 1 over a socket pair (unix(7), SOCK_SEQPACKET): a datagram is a message. The other end is process 1's since before this program
/// started, so it needs no proof of who it is.
/// </summary>
/// <param name="descriptor">This end.</param>
internal sealed class ControlChannel(int descriptor)
{
    /// <summary>Descriptor of this program's end.</summary>
    public const int Descriptor = 3;

    private const int MaximumChunk = 32 * 1024;

    /// <summary>The next message; null when process 1 has closed its end.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public ControlMessage? Receive()
    {
        byte[] buffer = new byte[ControlMessage.MaximumLength];
        int length = Socket.Receive(descriptor, buffer);
        return length == 0 ? null
            : length > buffer.Length ? throw new MalformedInputException("control message", buffer.Length, "the message is too long")
            : ControlMessage.Read(buffer.AsMemory(0, length));
    }

    /// <summary>Throws away what has arrived: a socket that is closed with something unread makes the other end's next read an error, and the last stage is lost.</summary>
    public void Drain()
    {
        while (Socket.HasDatagram(descriptor) && Socket.Receive(descriptor, new byte[1]) > 0)
        {
        }
    }

    /// <summary>Tells the stage.</summary>
    public void SendStage(Stage stage) => Socket.Send(descriptor, [(byte)'S', (byte)stage]);

    /// <summary>Everything has been delivered, the broker listens.</summary>
    public void SendDone() => Socket.Send(descriptor, "D"u8);

    /// <summary>Hands a volume's key over.</summary>
    public void SendKey(string volume, ReadOnlySpan<byte> key) => Send('K', volume, [], key);

    /// <summary>Hands a secret file over, in pieces.</summary>
    public void SendFile(string name, ReadOnlySpan<byte> content)
    {
        do
        {
            ReadOnlySpan<byte> piece = content[..Math.Min(content.Length, MaximumChunk)];
            content = content[piece.Length..];
            Send('F', name, [content.IsEmpty ? (byte)1 : (byte)0], piece);
        }
        while (!content.IsEmpty);
    }

    private void Send(char kind, string name, ReadOnlySpan<byte> flag, ReadOnlySpan<byte> content)
    {
        using SecretBytes message = new(2 + name.Length + flag.Length + content.Length);
        Span<byte> span = message.Span;
        span[0] = (byte)kind;
        span[1] = (byte)name.Length;
        Encoding.ASCII.GetBytes(name, span[2..]);
        flag.CopyTo(span[(2 + name.Length)..]);
        content.CopyTo(span[(2 + name.Length + flag.Length)..]);
        Socket.Send(descriptor, span);
    }
}
