using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Mantle.Emulator.Machine;

/// <summary>Waiting for something to be seen from outside.</summary>
public sealed partial class VirtualMachine
{
    /// <summary>Waits until the firmware has handed over to the kernel <paramref name="times"/> times.</summary>
    public FirmwareHandover WaitForHandover(int times = 1)
    {
        WaitUntil(() => Handovers.Count >= times, BootTimeout, "the firmware did not hand over to a kernel");
        return Handovers[times - 1];
    }

    /// <summary>Waits until the machine has switched itself off.</summary>
    /// <param name="meanwhile">Called again and again while it has not.</param>
    public void WaitForPowerOff(Action? meanwhile = null) => WaitUntil(
        () =>
        {
            if (!IsOff)
            {
                meanwhile?.Invoke();
            }

            return IsOff;
        },
        BootTimeout,
        "the machine did not switch itself off");

    /// <summary>Waits until a text has come out of the serial port since the kernel took over, and returns all that has.</summary>
    public string WaitForSerial(string text)
    {
        string seen = "";
        WaitUntil(
            () => (seen = System.Text.Encoding.Latin1.GetString(SerialSinceHandover)).Contains(text, StringComparison.Ordinal), BootTimeout,
            $"\"{text}\" did not come out of the serial port");
        return seen;
    }

    /// <summary>Waits until the firmware says that it does not start a boot file: Secure Boot forbids it.</summary>
    public void WaitForRefusal() => WaitUntil(
        () => System.Text.Encoding.Latin1.GetString(Serial).Contains("Access Denied", StringComparison.Ordinal), BootTimeout, "the firmware did not refuse the boot file");

    /// <summary>Waits until the machine was reset <paramref name="times"/> times.</summary>
    public void WaitForReset(int times = 1) => WaitUntil(() => ResetCount >= times, BootTimeout, "the machine did not reset itself");

    /// <summary>
    /// Asks the guest over HTTPS until it answers, and returns the body. Its certificate is its own affair: the loopback forward leads to nobody else.
    /// </summary>
    public string WaitForHttps(string path) => WaitForAnswer(new($"https://127.0.0.1:{ForwardedPort}{path}"));

    /// <summary>Asks the guest over plain HTTP until it answers, and returns the body.</summary>
    public string WaitForHttp(string path) => WaitForAnswer(new($"http://127.0.0.1:{ForwardedPort}{path}"));

    /// <summary>Asks the guest once; null if it does not answer within <paramref name="timeout"/>.</summary>
    public string? TryHttps(string path, TimeSpan timeout) => TryGet(new($"https://127.0.0.1:{ForwardedPort}{path}"), timeout);

    /// <summary>What a port of the guest's says by itself before it closes; null if it says nothing within <paramref name="timeout"/>.</summary>
    public string? TryHear(int guestPort, TimeSpan timeout)
    {
        using TcpClient client = new();
        client.ReceiveTimeout = (int)timeout.TotalMilliseconds;
        try
        {
            client.Connect(IPAddress.Loopback, PortOf(guestPort));
            using StreamReader reader = new(client.GetStream(), Encoding.ASCII);
            return reader.ReadToEnd() is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            return null;
        }
    }

    /// <summary>Connects to a port of the guest and reads lines until the other side closes or says nothing for a time. None if nobody listens.</summary>
    public IReadOnlyList<string> Hear(int guestPort, TimeSpan silence)
    {
        List<string> lines = [];
        using TcpClient client = new();
        client.ReceiveTimeout = (int)silence.TotalMilliseconds;
        try
        {
            client.Connect(IPAddress.Loopback, PortOf(guestPort));
            using StreamReader reader = new(client.GetStream(), Encoding.ASCII);
            while (reader.ReadLine() is { } line)
            {
                lines.Add(line);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // What has been said counts.
        }

        return lines;
    }

    private static string? TryGet(Uri address, TimeSpan timeout)
    {
        using SocketsHttpHandler handler = new()
        {
            ConnectTimeout = timeout,
            UseProxy = false,
#pragma warning disable CA5359 // whose certificate it is, is not what is tested here
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
        };
        using HttpClient client = new(handler) { Timeout = timeout };
        try
        {
            return client.GetStringAsync(address).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is HttpRequestException { StatusCode: null } or TaskCanceledException)
        {
            return null;
        }
    }

    private string WaitForAnswer(Uri address)
    {
        string? answer = null;
        WaitUntil(() => (answer = TryGet(address, TimeSpan.FromSeconds(10))) is not null, BootTimeout, $"nothing answers at {address}");
        return answer!;
    }

    /// <summary>Polls; fails if QEMU or the relay is gone, or the time is over.</summary>
    private void WaitUntil(Func<bool> condition, TimeSpan timeout, string problem)
    {
        Deadline deadline = Deadline.After(timeout);
        while (!condition())
        {
            _qemu.ThrowIfExited();
            _tpm.ThrowIfFailed();
            if (deadline.Remaining == TimeSpan.Zero)
            {
                throw new EmulatorException(
                    $"{problem} within {timeout.TotalSeconds} s; events: {string.Join(' ', Events)}; power cycles: {PowerCycles.Count}, handovers: {Handovers.Count}; qemu: {_qemu.Output}");
            }

            Thread.Sleep(20);
        }
    }
}
