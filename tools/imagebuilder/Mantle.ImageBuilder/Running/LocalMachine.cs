using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Mantle.Formats.Efi;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Running;

/// <summary>
/// A machine on this host, as near to an EC2 instance as QEMU comes: UEFI, a TPM 2.0 behind a command response buffer, NVMe disks, a network that leads to the
/// host's loopback. Everything it needs is in one folder that goes when it goes.
/// </summary>
public sealed class LocalMachine : IDisposable
{
    private const string SerialName = "mantle";
    private static readonly TimeSpan s_startTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mantle-run-");
    private readonly MachineRequest _request;
    private readonly HostPrograms _host;
    private SupervisedProcess? _tpm;
    private SupervisedProcess? _qemu;

    /// <summary>A machine that is not started yet.</summary>
    public LocalMachine(MachineRequest request, HostPrograms host) => (_request, _host) = (request, host);

    /// <summary>Starts the machine and waits for its end.</summary>
    /// <param name="started">Called when the firmware runs: whether the processor runs the guest itself. Called again when that fails and it is emulated.</param>
    /// <param name="answered">Called for each forwarded port behind which TLS answers for the first time.</param>
    /// <param name="cancellation">Ends the machine, as pulling its plug would.</param>
    /// <exception cref="UserErrorException">QEMU or swtpm fails, or a port is taken; exit code 4.</exception>
    public async Task<GuestEnd> RunAsync(Action<bool> started, Action<PortForward> answered, CancellationToken cancellation)
    {
        RefuseTakenPorts();
        if (_host.HasVirtualization)
        {
            try
            {
                return await BootAsync(isVirtualized: true, started, answered, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is UserErrorException or SocketException)
            {
                // A hypervisor below may offer KVM and not what OVMF needs of it (system management mode, registers). Emulation always works.
                Stop();
            }
        }

        return await BootAsync(isVirtualized: false, started, answered, cancellation).ConfigureAwait(false);
    }

    private async Task<GuestEnd> BootAsync(bool isVirtualized, Action<bool> started, Action<PortForward> answered, CancellationToken cancellation)
    {
        string variables = PathOf("variables.fd");
        byte[] empty = await File.ReadAllBytesAsync(_host.FirmwareVariables, cancellation).ConfigureAwait(false);
        await File.WriteAllBytesAsync(
            variables, _request.Keys is { } keys ? VariableStore.Add(empty, keys.ToVariables(isEnabled: true)) : empty, cancellation).ConfigureAwait(false);
        _tpm = new(_host.SoftwareTpm, ["socket", "--tpm2", "--tpmstate", $"dir={Directory.CreateDirectory(PathOf("tpm")).FullName}", "--ctrl", $"type=unixio,path={PathOf("tpm.socket")}"]);
        await WaitForAsync(PathOf("tpm.socket"), _tpm, cancellation).ConfigureAwait(false);
        _qemu = new(_host.Qemu, Arguments(variables, isVirtualized));
        await WaitForAsync(PathOf("monitor"), _qemu, cancellation).ConfigureAwait(false);
        using Socket monitor = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await monitor.ConnectAsync(new UnixDomainSocketEndPoint(PathOf("monitor")), cancellation).ConfigureAwait(false);
        started(isVirtualized);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task probes = Task.WhenAll(_request.Ports.Select(port => ProbeAsync(port, answered, ended.Token)));
        try
        {
            string? reason = await WatchAsync(monitor, cancellation).ConfigureAwait(false);
            await _qemu.Exited(cancellation).ConfigureAwait(false);
            return reason switch
            {
                "guest-shutdown" => GuestEnd.PowerOff,
                "guest-reset" or "guest-panic" => GuestEnd.Reset,
                "host-signal" => throw new OperationCanceledException(cancellation), // a terminal interrupts QEMU as well, perhaps before us
                _ => throw _qemu.Failure(),
            };
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await probes.ConfigureAwait(false);
        }
    }

    private void Stop()
    {
        _qemu?.Dispose();
        _tpm?.Dispose();
        _qemu = null;
        _tpm = null;
        foreach (string socket in new[] { "monitor", "tpm.socket" })
        {
            File.Delete(PathOf(socket));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _folder.Delete(recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private IEnumerable<string> Arguments(string variables, bool isVirtualized) =>
    [
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        "-machine", $"q35,smm=on,accel={(isVirtualized ? "kvm" : "tcg")}",
        "-global", "driver=cfi.pflash01,property=secure,value=on",

        // Emulated: the processor that has the instructions of native code, RDRAND, and no trouble with cmpxchg16b.
        "-cpu", isVirtualized ? "host" : "EPYC",
        "-m", $"{_request.MemoryMebibytes}M",
        "-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Escape(_host.FirmwareCode)}",
        "-drive", $"if=pflash,unit=1,format=raw,file={Escape(variables)}",
        .. _request.Disks.Prepend(_request.Image).SelectMany((path, i) => new[]
        {
            "-drive", $"if=none,id=disk{i},format=raw,snapshot=on,file={Escape(Path.GetFullPath(path))}",
            "-device", $"nvme,drive=disk{i},serial={SerialName}{i},bootindex={i}",
        }),
        "-netdev", $"user,id=network,restrict={(_request.IsConnected ? "off" : "on")}{string.Concat(_request.Ports.Select(port => $",hostfwd=tcp:127.0.0.1:{port.Host}-:{port.Guest}"))}",
        "-device", "virtio-net-pci,netdev=network,romfile=",
        "-chardev", $"socket,id=tpm,path={Escape(PathOf("tpm.socket"))}",
        "-tpmdev", "emulator,id=tpm0,chardev=tpm",
        "-device", "tpm-crb,tpmdev=tpm0",
        "-qmp", $"unix:{Escape(PathOf("monitor"))},server=on,wait=off",
        .. _request.SerialSocket is { } serial ? ["-serial", $"unix:{Escape(Path.GetFullPath(serial))},server=on,wait=off"] : Array.Empty<string>(),
    ];

    /// <summary>A comma ends a value (QEMU, "keyval").</summary>
    private static string Escape(string path) => path.Replace(",", ",,", StringComparison.Ordinal);

    /// <summary>QEMU would say so too, in more words, and after everything else has started.</summary>
    private void RefuseTakenPorts()
    {
        foreach (PortForward port in _request.Ports)
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port.Host));
            }
            catch (SocketException problem)
            {
                throw new UserErrorException($"port {port.Host} of 127.0.0.1 cannot be had", "choose another with --port HOST:GUEST", ExitCode.Environment, problem);
            }
        }
    }

    private static async Task WaitForAsync(string socket, SupervisedProcess process, CancellationToken cancellation)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!IsListening(socket))
        {
            if (process.HasExited)
            {
                throw process.Failure();
            }

            if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > s_startTimeout)
            {
                throw new UserErrorException($"{process.Name} does not start", "the machine may be too busy", ExitCode.Environment);
            }

            await Task.Delay(s_pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>A socket has its name before anybody listens there (SO_ACCEPTCON in /proc/net/unix; proc(5)), and to try it would be to be its one client.</summary>
    private static bool IsListening(string socket) =>
        File.ReadLines("/proc/net/unix").Any(line => line.EndsWith($" {socket}", StringComparison.Ordinal) && line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3] == "00010000");

    /// <summary>Listens to QEMU's machine protocol until it closes, and returns why the machine stopped.</summary>
    private static async Task<string?> WatchAsync(Socket monitor, CancellationToken cancellation)
    {
        await using NetworkStream stream = new(monitor);
        using StreamReader reader = new(stream);
        await stream.WriteAsync("{\"execute\":\"qmp_capabilities\"}\n"u8.ToArray(), cancellation).ConfigureAwait(false);
        string? reason = null;
        try
        {
            while (await reader.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
            {
                using JsonDocument message = JsonDocument.Parse(line);
                if (message.RootElement.TryGetProperty("event", out JsonElement name) && name.GetString() == "SHUTDOWN")
                {
                    reason ??= message.RootElement.GetProperty("data").GetProperty("reason").GetString();
                }
            }
        }
        catch (IOException)
        {
            // QEMU is gone; how, its exit code says.
        }

        return reason;
    }

    /// <summary>Tries until somebody speaks TLS behind a port. Who it is does not matter here: nothing is sent.</summary>
    private static async Task ProbeAsync(PortForward port, Action<PortForward> answered, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, port.Host, cancellation).ConfigureAwait(false);
#pragma warning disable CA5359 // Whether anybody answers is all that is asked; whoever sends something verifies who it is.
                await using SslStream tls = new(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, cancellation).ConfigureAwait(false);
                answered(port);
                return;
            }
            catch (Exception e) when (e is IOException or SocketException or System.Security.Authentication.AuthenticationException or OperationCanceledException)
            {
                await Task.Delay(s_pause, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
