using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mantle.Hostile;

/// <summary>
/// A service that has turned against its machine. Whoever connects is told what was tried and what the answer was, a line each.
/// </summary>
internal static unsafe class Program
{
    /// <summary>The image has it in the service's place.</summary>
    public const string Self = "/usr/bin/service";

    /// <summary>The exit code of a program that should not have run.</summary>
    public const int Ran = 42;

    /// <summary>Arguments that make a child of this program.</summary>
    public const string Implant = "--implant", X32 = "--x32", I386 = "--i386", Abort = "--abort";

    /// <summary>What the test's recipe says.</summary>
    public const int StatusPort = 8009, AttestorUser = 1001;
    public const string OwnSecret = "api-token", Volume = "weights";
    public static readonly IPAddress KeyService = IPAddress.Parse("169.254.169.250");

    private const int Port = 8443;

    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case [Implant, ..]:
                return Ran;
            case [X32]:
                _ = Interop.Call(0x40000000 | 39);
                return Ran;
            case [I386]:
                CallAs32Bit();
                return Ran;
            case [Abort]:
                Environment.CurrentDirectory = "/tmp";
                _ = Interop.Call(62, Environment.ProcessId, 6);
                Thread.Sleep(Timeout.Infinite);
                return Ran;
        }

        using TcpListener listener = new(IPAddress.Any, Port);
        listener.Start();
        while (true)
        {
            try
            {
                using TcpClient client = listener.AcceptTcpClient();
                using StreamWriter report = new(client.GetStream()) { AutoFlush = true, NewLine = "\n" };
                Report(report);
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                // Whoever listened is gone.
            }
        }
    }

    /// <summary>A line at once after each attempt, so that one that hangs is known.</summary>
    private static void Report(StreamWriter report)
    {
        foreach (string secret in SecretAttempts.Own())
        {
            report.WriteLine($"secret {secret}");
        }

        (int status, byte[] document) = SecretAttempts.Ask([1, .. new byte[32], 4, .. "mine"u8]);
        report.WriteLine(string.Create(CultureInfo.InvariantCulture, $"document {status} {Convert.ToBase64String(document)}"));
        byte[] known = File.ReadAllBytes($"/run/secrets/{OwnSecret}");
        int attestor = SecretAttempts.Attestor();
        IEnumerable<Attempt> attempts =
        [
            .. AllowedActs.All(), .. SecretAttempts.All(known), .. DeviceAttempts.All(), .. NetworkAttempts.All(), .. ProcessAttempts.All(attestor), .. KernelAttempts.All(), .. FileAttempts.All(),
        ];
        foreach (Attempt attempt in attempts)
        {
            report.WriteLine($"tried {attempt.Target}|{attempt.Name}|{Try(attempt)}");
        }

        report.WriteLine("end");
    }

    /// <summary>Refused, succeeded, or broken: a mistake of this program's proves nothing.</summary>
    private static string Try(Attempt attempt)
    {
        try
        {
            return attempt.Run().ToString();
        }
#pragma warning disable CA1031 // whatever it is, it is told
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"BROKEN {exception.GetType().Name} {exception.Message}";
        }
    }

    /// <summary>getpid by int 0x80, the way in for 32-bit programs, which has other numbers.</summary>
    private static void CallAs32Bit()
    {
        const int ReadWriteExecute = 7, PrivateAnonymous = 0x22;
        nint page = Interop.Call(9, 0, 4096, ReadWriteExecute, PrivateAnonymous, -1, 0);
        byte[] code = [0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]; // mov eax, 20; int 0x80; ret
        Marshal.Copy(code, 0, page, code.Length);
        ((delegate* unmanaged<void>)page)();
    }
}
