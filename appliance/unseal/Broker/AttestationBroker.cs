using System.Buffers.Binary;
using System.Net.Sockets;
using Mantle.Formats.Bytes;
using Mantle.Unseal.Tpm;

namespace Mantle.Unseal.Broker;

/// <summary>
/// Gives the service documents about its TLS key, and nothing else: the user data is of this program's making, and the public key is always null. KMS encrypts to the
/// public key of a document, so a document with a key of the service's own would be as good as the volume's key to it. One request a connection, one connection at a time.
/// </summary>
internal sealed class AttestationBroker : IDisposable
{
    /// <summary>Where the service finds it.</summary>
    public const string Path = "/run/attest/socket";

    private const int Burst = 10;
    private const double PerSecond = 5;
    private const int ClientTimeoutMilliseconds = 2000;

    private readonly System.Net.Sockets.Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly NitroAttestor _attestor;
    private readonly uint _userId;
    private readonly TokenBucket _bucket;

    /// <summary>Listens.</summary>
    /// <param name="path">The socket's path.</param>
    /// <param name="userId">Whose requests are answered.</param>
    /// <param name="attestor">Gets the documents.</param>
    /// <param name="time">For the rate.</param>
    public AttestationBroker(string path, uint userId, NitroAttestor attestor, TimeProvider time)
    {
        _attestor = attestor;
        _userId = userId;
        _bucket = new(time, Burst, PerSecond);
        File.Delete(path); // of an earlier process
        _listener.Bind(new UnixDomainSocketEndPoint(path));

        // Who may come near is decided by the folder (its group is the service's) and, for certain, by the kernel's word on who connected.
        File.SetUnixFileMode(path, (UnixFileMode)0x1B6); // 0666
        _listener.Listen(16);
    }

    private enum Status : byte
    {
        Ok = 0,
        RateLimited = 1,
        TpmFailed = 2,
        BadRequest = 3,
    }

    /// <summary>Answers until the socket is closed.</summary>
    public void Run()
    {
        while (true)
        {
            try
            {
                using System.Net.Sockets.Socket client = _listener.Accept();
                client.ReceiveTimeout = client.SendTimeout = ClientTimeoutMilliseconds;
                if (UserOf(client) == _userId)
                {
                    Answer(client);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (_listener.SafeHandle.IsClosed)
                {
                    return;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    /// <summary>SO_PEERCRED (unix(7)): pid, uid, gid of who connected.</summary>
    private static uint UserOf(System.Net.Sockets.Socket client)
    {
        const int SocketLevel = 1, PeerCredentials = 17;
        Span<byte> credentials = stackalloc byte[12];
        client.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        return BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]);
    }

    private void Answer(System.Net.Sockets.Socket client)
    {
        BrokerRequest request;
        try
        {
            if (Receive(client) is not { } whole)
            {
                return;
            }

            request = whole;
        }
        catch (MalformedInputException)
        {
            Send(client, Status.BadRequest, []);
            return;
        }

        if (!_bucket.TryTake())
        {
            Send(client, Status.RateLimited, []);
            return;
        }

        byte[] document;
        try
        {
            document = _attestor.Attest(publicKey: [], request.UserData, request.Nonce.Span);
        }
        catch (UnsealException)
        {
            Send(client, Status.TpmFailed, []);
            return;
        }

        Send(client, Status.Ok, document);
    }

    private static BrokerRequest? Receive(System.Net.Sockets.Socket client)
    {
        byte[] bytes = new byte[BrokerRequest.HeaderLength];
        if (!Fill(client, bytes))
        {
            return null;
        }

        // A length that is too great is read as well: a connection that is closed with something unread takes the answer with it.
        Array.Resize(ref bytes, bytes.Length + bytes[^1]);
        return Fill(client, bytes.AsSpan(BrokerRequest.HeaderLength)) ? BrokerRequest.Read(bytes) : null;
    }

    private static bool Fill(System.Net.Sockets.Socket client, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = client.Receive(bytes);
            if (count == 0)
            {
                return false;
            }

            bytes = bytes[count..];
        }

        return true;
    }

    private static void Send(System.Net.Sockets.Socket client, Status status, byte[] document)
    {
        byte[] answer = new byte[5 + document.Length];
        answer[0] = (byte)status;
        BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(1), document.Length);
        document.CopyTo(answer, 5);
        for (int sent = 0; sent < answer.Length;)
        {
            sent += client.Send(answer.AsSpan(sent));
        }
    }
}
