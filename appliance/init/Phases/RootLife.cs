using System.Text;
using Mantle.Init.Configuration;
using Mantle.Init.Kernel;
using Mantle.Init.Network;
using Mantle.Init.Service;
using Mantle.Init.Unsealing;

namespace Mantle.Init.Phases;

/// <summary>
/// Life two, in the verity root: from a bare kernel to a sealed machine that runs its service. Failure policy: before the
/// configuration is read, as life one; after that, what its <c>on_failure</c> says, orderly.
/// </summary>
internal static class RootLife
{
    private const int NetworkPatience = 60_000;

    /// <remarks>
    /// "network begin" stands as early as the settings of the network allow: the line comes up and the server answers while the
    /// other phases run. Between two phases the loop serves what has come meanwhile.
    /// </remarks>
    internal static readonly Phase<RootState>[] Phases =
    [
        new("configuration", "/etc/mantle/appliance.json is read and makes sense", state => state.Configuration = ReadConfiguration()),
        new("mounts", "the writable places are there, limited in size", MountWritable),
        new("settings", "the kernel's settings are the appliance's", _ => WriteSettings()),
        new("network begin", "loopback is up; DHCP is on its way", BeginNetwork),
        new("metadata guard", "no user but the unsealing program's reaches the instance metadata", GuardMetadata),
        new("host name", "the kernel knows its name", state => SetHostName(state.Configuration!.HostName)),
        new("requests", "the power button and signals are heard", ListenForRequests),
        new("service folders", "the service owns the folders that it may write", MakeServiceFolders),
        new("unseal folders", "secrets, volumes and the attestation socket have a place; the TPM belongs to the unsealing program", MakeUnsealFolders),
        new("lock", "no module can be loaded; /proc and /dev are read-only", _ => LockKernel()),
        new("status", "the stage code is told to whoever asks", OpenStatusPort),
        new("network wait", "there is an address, or none is wanted", AwaitNetwork),
        new("unseal", "the secrets are there and the volumes are open, or there are none", Unseal),
        new("service", "the service runs, and is kept running until the machine's end", RunService),
    ];

    /// <summary>Runs the life; it doesn't return.</summary>
    internal static void Run()
    {
        RootState state = new();
        MachineEnd? end = null;
        try
        {
            foreach (Phase<RootState> phase in Phases)
            {
                if (state.Loop.End is null)
                {
                    phase.Run(state);
                    state.Loop.RunWithoutWaiting();
                }
            }

            end = state.Loop.End;
        }
#pragma warning disable CA1031 // an unhandled exception in PID 1 is a panic
        catch (Exception) when (state.Configuration is not null)
        {
            // Whatever it was, the machine can't go on. Nobody is there to read a message.
        }
#pragma warning restore CA1031

        Power.End(
            end ?? state.Configuration!.OnFailure,
            state.Configuration!.Service.StopTimeoutMilliseconds,
            [.. state.Configuration.Tmpfs.Select(tmpfs => tmpfs.Path)]);
    }

    private static ApplianceConfiguration ReadConfiguration() =>
        ApplianceConfigurationReader.Read(KernelFile.ReadAll(ApplianceConfigurationReader.Path, ApplianceConfigurationReader.MaximumLength));

    private static void WriteSettings()
    {
        foreach ((string path, string value) in Sysctls.Hardening)
        {
            Sysctls.Write(path, value);
        }
    }

    private static void BeginNetwork(RootState state)
    {
        const int Loopback = 1; // the kernel's first device, always
        RouteSocket routes = new();
        state.Routes = routes;
        routes.Change(RouteMessage.SetUp(Loopback));
        if (state.Configuration!.Network == NetworkMode.Dhcp)
        {
            state.Dhcp = new DhcpTransport(routes);
            state.Loop.Add(new NetworkDevice(routes, state.Dhcp));
            state.Loop.Add(state.Dhcp);
        }
    }

    private static void GuardMetadata(RootState state)
    {
        if (state.Configuration!.Unseal is { } unseal)
        {
            foreach (byte[] rule in MetadataGuard.Rules(unseal.UserId))
            {
                state.Routes!.Change(rule);
            }
        }
    }

    private static void MountWritable(RootState state)
    {
        const MountFlags Closed = MountFlags.NoSuid | MountFlags.NoDevices;
        foreach (TmpfsConfiguration tmpfs in state.Configuration!.Tmpfs)
        {
            MakeFolders(tmpfs.Path);
            MountFlags flags = tmpfs.Executable ? Closed : Closed | MountFlags.NoExecution;
            Mounts.Mount("tmpfs", tmpfs.Path, "tmpfs", flags, $"size={tmpfs.SizeBytes},mode={tmpfs.Mode}");
        }

        Mounts.MakeFolder("/dev/shm", 0x3FF);
        Mounts.Mount("tmpfs", "/dev/shm", "tmpfs", Closed | MountFlags.NoExecution, "size=16777216,mode=1777");
    }

    private static unsafe void SetHostName(string name)
    {
        fixed (byte* bytes = Encoding.ASCII.GetBytes(name))
        {
            SystemCallException.Check(Interop.Libc.sethostname(bytes, (nuint)name.Length), "sethostname");
        }
    }

    private static void MakeServiceFolders(RootState state)
    {
        ServiceConfiguration service = state.Configuration!.Service;
        foreach (string path in service.Writable)
        {
            MakeFolders(path);
            SystemCallException.Check(Interop.Libc.chmod(path, 0x1C0), $"chmod \"{path}\""); // 0700
            SystemCallException.Check(Interop.Libc.chown(path, service.UserId, service.GroupId), $"chown \"{path}\"");
        }
    }

    /// <summary>Makes what is missing of a path. On the read-only root nothing may be missing: the kernel refuses to make it.</summary>
    private static void MakeFolders(string path)
    {
        for (int at = path.IndexOf('/', 1); at > 0; at = path.IndexOf('/', at + 1))
        {
            Mounts.MakeFolder(path[..at], 0x1ED); // 0755
        }

        Mounts.MakeFolder(path, 0x1ED);
    }

    private static void ListenForRequests(RootState state)
    {
        ServiceConfiguration service = state.Configuration!.Service;
        RestartPolicy policy = new(service.Restart, service.RestartDelayMilliseconds, state.Configuration.OnFailure);
        state.Supervisor = new Supervisor(state.Loop, policy, Program.InstalledPath, state.Status);
        state.Reaper.Add(state.Supervisor);
        state.Loop.Add(new SignalSource(state.Loop, state.Reaper));
        state.Loop.Add(state.Supervisor);
        foreach (PowerButton button in PowerButton.OpenAll(state.Loop))
        {
            state.Loop.Add(button);
        }
    }

    /// <remarks>
    /// The socket's folder gives its group to what is made in it (set-group-id), so the service reaches the broker's socket there
    /// and lists nothing. /dev turns read-only later, and with it whom the TPM belongs to.
    /// </remarks>
    private static void MakeUnsealFolders(RootState state)
    {
        if (state.Configuration!.Unseal is not { } unseal)
        {
            return;
        }

        ServiceConfiguration service = state.Configuration.Service;
        state.Secrets = new SecretStore(service.UserId, service.GroupId);
        state.Secrets.Create();
        Mounts.MakeFolder(VolumeOpener.Folder, 0x1ED);
        const string AttestFolder = "/run/attest";
        Mounts.MakeFolder(AttestFolder, 0x1C0);
        Own(AttestFolder, unseal.UserId, service.GroupId, 0x5C8); // 02710
        foreach (string device in (ReadOnlySpan<string>)["/dev/tpm0", "/dev/tpmrm0"])
        {
            // A machine without a TPM gets as far as the program, which has a stage code for it.
            if (KernelFile.Exists(device))
            {
                Own(device, unseal.UserId, unseal.GroupId, 0x180); // 0600
            }
        }
    }

    // chown(2) takes set-id bits away, so the mode comes second.
    private static void Own(string path, uint user, uint group, uint mode)
    {
        SystemCallException.Check(Interop.Libc.chown(path, user, group), $"chown \"{path}\"");
        SystemCallException.Check(Interop.Libc.chmod(path, mode), $"chmod \"{path}\"");
    }

    private static void OpenStatusPort(RootState state)
    {
        if (state.Configuration!.Unseal?.StatusPort is { } port)
        {
            state.Loop.Add(new StatusPort(port, state.Status));
        }
    }

    private static void LockKernel()
    {
        Sysctls.Write("kernel/modules_disabled", "1");
        const MountFlags Closed = MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoExecution;
        Mounts.ChangeFlags("/proc", Closed | MountFlags.NoDevices);
        Mounts.ChangeFlags("/dev", Closed);
    }

    private static void AwaitNetwork(RootState state)
    {
        state.Status.Code = StageCode.Network;
        if (state.Dhcp is { } dhcp)
        {
            state.Loop.RunUntil(() => dhcp.IsConfigured, Environment.TickCount64 + NetworkPatience);
            if (!dhcp.IsConfigured && state.Loop.End is null)
            {
                throw new InvalidDataException("no DHCP server has granted an address within 60 s");
            }
        }
    }

    private static void Unseal(RootState state)
    {
        if (state.Configuration!.Unseal is not { } unseal)
        {
            return;
        }

        UnsealHost host = new(unseal, state.Secrets!, Program.InstalledPath);
        Unsealer unsealer = new(unseal, host, state.Status);
        UnsealSource source = new(unsealer, host);
        state.Reaper.Add(source);
        state.Loop.Add(source);
        state.Loop.Add(new BlockDeviceSource(unsealer));
        unsealer.Start(Environment.TickCount64);
        state.Loop.RunUntil(() => unsealer.IsOpen || unsealer.HasFailed, EventSource.Never);
        if (unsealer.HasFailed)
        {
            state.Loop.End ??= unseal.OnFailure;
        }
    }

    private static void RunService(RootState state)
    {
        state.Supervisor!.Start(Environment.TickCount64);
        state.Loop.RunUntil(() => false, EventSource.Never);
    }
}

/// <summary>What the phases of life two hand on.</summary>
internal sealed class RootState
{
    internal EventLoop Loop { get; } = new();

    internal StageStatus Status { get; } = new();

    internal Reaper Reaper { get; } = new();

    internal ApplianceConfiguration? Configuration { get; set; }

    internal RouteSocket? Routes { get; set; }

    internal SecretStore? Secrets { get; set; }

    internal DhcpTransport? Dhcp { get; set; }

    internal Supervisor? Supervisor { get; set; }
}
