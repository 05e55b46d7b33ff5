using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Mantle.Service.Tests;

/// <summary>
/// The real program on a port of the loopback that the kernel chose. MANTLE_GUEST_SERVICE may name another build of it
/// (artifacts/guest/service) for the same tests.
/// </summary>
public sealed partial class RunningService : IDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> error;

    private RunningService(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        error = process.StandardError.ReadToEndAsync();
        Client = new HttpClient(CreateHandler()) { Timeout = s_patience };
    }

    public HttpClient Client { get; }

    /// <summary>The certificate that the last new connection of <see cref="Client"/> was shown.</summary>
    public X509Certificate2? Certificate { get; private set; }

    public IPEndPoint Address { get; private set; } = new(IPAddress.Loopback, 0);

    public static string Program =>
        Environment.GetEnvironmentVariable("MANTLE_GUEST_SERVICE") ?? Path.Combine(AppContext.BaseDirectory, "service");

    public static RunningService Start(string tpmFolder, params IEnumerable<KeyValuePair<string, string>> environment) =>
        StartWith(["--tpm-sysfs", tpmFolder], environment);

    public static RunningService StartWith(IEnumerable<string> arguments, params IEnumerable<KeyValuePair<string, string>> environment)
    {
        RunningService service = new(Launch(["--listen", "127.0.0.1:0", .. arguments], environment));
        Stopwatch waiting = Stopwatch.StartNew();
        int port;
        while ((port = service.FindPort()) == 0)
        {
            Assert.False(service.process.HasExited, "the service ended before it listened");
            Assert.True(waiting.Elapsed < s_patience, "the service does not listen");
            Thread.Sleep(5);
        }

        service.Address = new IPEndPoint(IPAddress.Loopback, port);
        service.Client.BaseAddress = new Uri($"https://{service.Address}");
        return service;
    }

    /// <summary>Starts the program with arguments under which it ends by itself.</summary>
    public static (int ExitCode, string Output) RunToEnd(params string[] arguments)
    {
        using RunningService service = new(Launch(arguments, []));
        return service.WaitForEnd();
    }

    /// <summary>Sends SIGTERM and returns the exit code and everything that the program ever wrote.</summary>
    public (int ExitCode, string Output) Stop()
    {
        Assert.Equal(0, Kill(process.Id, Terminate));
        return WaitForEnd();
    }

    /// <summary>Opens a TLS connection below HTTP.</summary>
    public async Task<SslStream> ConnectAsync(SslProtocols protocols = SslProtocols.None)
    {
        TcpClient connection = new();
        await connection.ConnectAsync(Address);
        SslStream stream = new(connection.GetStream());
        try
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "appliance",
                EnabledSslProtocols = protocols,
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            });
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends bytes over a TLS connection of their own and returns all that comes back until the service closes it.</summary>
    public async Task<string> SendAsync(string request)
    {
        await using SslStream stream = await ConnectAsync();
        using CancellationTokenSource patience = new(s_patience);
        MemoryStream answer = new();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), patience.Token);
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException)
        {
            // A service that refuses a request in its midst resets the connection: what it said before counts.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
        Client.Dispose();
        Certificate?.Dispose();
    }

    private static Process Launch(IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> environment)
    {
        ProcessStartInfo start = new(Program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };

        // Without a bundle of root certificates, as in the image; with DOTNET_ROOT, which finds the runtime of an ordinary build.
        start.Environment["SSL_CERT_DIR"] = start.Environment["SSL_CERT_FILE"] = "/nonexistent";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);

    private (int ExitCode, string Output) WaitForEnd()
    {
        Assert.True(process.WaitForExit(s_patience), "the service does not end");
        return (process.ExitCode, output.Result + error.Result);
    }

    private SocketsHttpHandler CreateHandler() => new()
    {
        UseProxy = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                Certificate?.Dispose();
                Certificate = new X509Certificate2(certificate!);
                return true;
            },
        },
    };

    /// <summary>The port of the process's listening socket, 0 while it has none: proc(5), /proc/PID/fd and /proc/PID/net/tcp.</summary>
    private int FindPort()
    {
        HashSet<string> sockets = [];
        try
        {
            foreach (FileInfo descriptor in new DirectoryInfo($"/proc/{process.Id}/fd").EnumerateFiles())
            {
                if (descriptor.LinkTarget is { } target && target.StartsWith("socket:[", StringComparison.Ordinal))
                {
                    sockets.Add(target[8..^1]);
                }
            }

            foreach (string line in File.ReadLines($"/proc/{process.Id}/net/tcp").Skip(1))
            {
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields[3] == "0A" && sockets.Contains(fields[9]))
                {
                    return int.Parse(fields[1].AsSpan(fields[1].IndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                }
            }
        }
        catch (IOException)
        {
            // A descriptor was closed, or the process ended, between listing and looking.
        }

        return 0;
    }
}
