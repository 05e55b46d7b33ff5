using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Mantle.Hostile;

/// <summary>Keys and secrets: by the broker, by the unsealing program run as oneself, and by looking.</summary>
internal static class SecretAttempts
{
    private const string Folder = "/run/secrets", Broker = "/run/attest/socket";

    /// <summary>What a service is given: name, mode, owner, group and the digest of the content.</summary>
    public static IEnumerable<string> Own() => Directory.GetFiles(Folder).Order(StringComparer.Ordinal).Select(path =>
    {
        (uint mode, uint user, uint group) = Files.Stat(path);
        return $"{Path.GetFileName(path)} {Convert.ToString(mode & 0xFFF, 8)} {user} {group} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}";
    });

    /// <param name="known">A secret of the service's own, to be found nowhere else.</param>
    public static IEnumerable<Attempt> All(byte[] known) =>
    [
        Attempt.Call("secrets", "change one's own secret", () => Files.Open($"{Folder}/{Program.OwnSecret}")),
        Attempt.Call("secrets", "let others read it", () => Interop.CallWith($"{Folder}/{Program.OwnSecret}", path => Interop.Call(90, path, 0x124))),
        Attempt.Call("secrets", "write beside it", () => Files.Open($"{Folder}/implant", Files.ReadWrite | Files.Create)),
        new("secrets", "find it anywhere else", () => Outcome.Of(Copies(known))),
        new("secrets", "run the unsealing program", Unseal),
        new("the broker", "ask in another version", () => Status([2, .. new byte[32], 0])),
        new("the broker", "ask with a longer nonce", () => Status([1, .. new byte[32], 65, .. new byte[65]])),
        new("the broker", "ask for a public key of one's own", AskForKey),
        new("the broker", "listen in its place", () => Listen("/run/attest/other")),
        Attempt.Call("the broker", "take its socket away", () => Interop.CallWith(Broker, path => Interop.Call(87, path))),
        Attempt.Call("the broker", "look around its folder", () => Files.Open("/run/attest", Files.ReadOnly)),
    ];

    /// <summary>The process that listens behind the broker's socket, SO_PEERCRED of unix(7): other users' processes are not seen in /proc.</summary>
    public static int Attestor()
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Broker));
        byte[] credentials = new byte[12];
        socket.GetRawSocketOption(1, 17, credentials);
        return BitConverter.ToInt32(credentials) is > 1 and int process ? process : throw new InvalidOperationException("nobody is behind the broker's socket");
    }

    /// <summary>Asks the broker: its status, and the document.</summary>
    public static (int Status, byte[] Document) Ask(byte[] request)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.ReceiveTimeout = 20_000;
        socket.Connect(new UnixDomainSocketEndPoint(Broker));
        socket.Send(request);
        using MemoryStream answer = new();
        byte[] buffer = new byte[16384];
        try
        {
            for (int count; (count = socket.Receive(buffer)) > 0;)
            {
                answer.Write(buffer, 0, count);
            }
        }
        catch (SocketException)
        {
            // Closed with something unread.
        }

        byte[] bytes = answer.ToArray();
        return bytes.Length < 5 ? (-1, []) : (bytes[0], bytes[5..]);
    }

    private static Outcome Status(byte[] request)
    {
        (int status, byte[] document) = Ask(request);
        return document.Length > 0 ? Outcome.Success("a document") : Outcome.Refused($"status {status}");
    }

    /// <summary>A key behind the request: KMS would encrypt to the one in a document.</summary>
    private static Outcome AskForKey()
    {
        byte[] key = RandomNumberGenerator.GetBytes(294);
        (_, byte[] document) = Ask([1, .. new byte[32], 0, .. key]);
        return document.AsSpan().IndexOf(key.AsSpan(0, 16)) >= 0 ? Outcome.Success("a document with it") : Outcome.Refused("it is in no document");
    }

    private static Outcome Listen(string path)
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            return Outcome.Success(path);
        }
        catch (SocketException exception)
        {
            return Outcome.Refused(Errno.NameOf(exception.ErrorCode));
        }
    }

    /// <summary>All that lies in memory's file systems and can be read.</summary>
    private static IEnumerable<string> Copies(byte[] known) => ((string[])["/run", "/tmp", "/var", "/dev/shm"])
        .SelectMany(folder => Files.Below(folder, path => path is "/run/volumes" or $"{Folder}/{Program.OwnSecret}"))
        .Where(path => File.Exists(path) && (Files.Stat(path).Mode & 0xF000) == 0x8000 && File.ReadAllBytes(path).AsSpan().IndexOf(known) >= 0);

    /// <summary>The unsealing program as the service's user: with process 1's side of its channel in our hands, keys would come to us.</summary>
    private static Outcome Unseal()
    {
        byte[] pair = new byte[8];
        if (Interop.CallWith(pair, pointer => Interop.Call(53, 1, 5, 0, pointer)) < 0)
        {
            throw new InvalidOperationException("no channel to try it with");
        }

        int ours = BitConverter.ToInt32(pair), theirs = BitConverter.ToInt32(pair, 4);

        // A blob that is well-formed and KMS would refuse, then "go".
        byte[] name = Encoding.ASCII.GetBytes(Program.Volume);
        byte[] blob = [(byte)'B', (byte)name.Length, .. name, .. "MANTLESK"u8, 0, 0, 0, 1, 0, 0, 0, 8, .. new byte[8], 0];
        _ = Interop.CallWith(blob, pointer => Interop.Call(1, ours, pointer, blob.Length));
        _ = Interop.CallWith([(byte)'G'], pointer => Interop.Call(1, ours, pointer, 1));
        Outcome end = Interop.RunWith(theirs, "/usr/bin/unseal");
        Files.Close(theirs);
        byte[] message = new byte[65536];
        string stage = "none";
        while (Interop.CallWith(message, pointer => Interop.Call(0, ours, pointer, message.Length)) is > 0 and nint length)
        {
            if (message[0] != (byte)'S')
            {
                return Outcome.Success($"it said {(char)message[0]}, {length} bytes");
            }

            stage = $"{message[1]:x2}";
        }

        return end.Succeeded ? end : Outcome.Refused($"{end.Answer} in stage {stage}");
    }
}
