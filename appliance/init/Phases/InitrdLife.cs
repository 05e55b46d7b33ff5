using Mantle.Init.Kernel;
using Mantle.Init.Service;
using Mantle.Init.Verity;

namespace Mantle.Init.Phases;

/// <summary>
/// Life one, in the initrd: from the kernel's first program to the verity root. Failure policy: nothing has been configured
/// yet, so the machine reboots after a short pause.
/// </summary>
internal static class InitrdLife
{
    /// <summary>Pause before the reboot of a life that has no configuration, in milliseconds: a failing machine shall not spin.</summary>
    internal const int FailurePause = 3000;

    private const string NewRoot = "/root";
    private const string ModulesFolder = "/modules";

    internal static readonly Phase<InitrdState>[] Phases =
    [
        new("keys", "Ctrl-Alt-Del does nothing; signals wait", _ => Quieten()),
        new("kernel file systems", "/dev, /proc and /sys are there; the standard streams lead nowhere", _ => MountKernelFileSystems()),
        new("root hash", "the command line names exactly one", state => state.RootHash = ReadRootHash()),
        new("modules", "every module that the machine will ever have is loaded", _ => LoadModules()),
        new("partitions", "the root and the verity partition of this root hash have appeared", state => state.Partitions = Partitions.Wait(state.RootHash!)),
        new("verity", "the kernel checks every block of the root partition against the root hash", state => state.RootDevice = OpenVerity(state)),
        new("root", "the root file system is mounted read-only", state => MountRoot(state.RootDevice!)),
        new("switch", "the initrd is gone; life two begins in the root", _ => SwitchRoot()),
    ];

    internal static void Run()
    {
        InitrdState state = new();
        foreach (Phase<InitrdState> phase in Phases)
        {
            phase.Run(state);
        }
    }

    private static void Quieten()
    {
        SignalSource.Block();
        Power.DisableCtrlAltDel();
    }

    private static void MountKernelFileSystems()
    {
        _ = Interop.Libc.umask(0);
        Mounts.MakeFolder("/dev", 0x1ED); // 0755
        Mounts.MakeFolder("/proc", 0x16D); // 0555
        Mounts.MakeFolder("/sys", 0x16D);
        Mounts.Mount("devtmpfs", "/dev", "devtmpfs", MountFlags.NoSuid | MountFlags.NoExecution, "mode=0755");
        StandardStreams.PointToNull();
        const MountFlags Closed = MountFlags.NoSuid | MountFlags.NoExecution | MountFlags.NoDevices;
        Mounts.Mount("proc", "/proc", "proc", Closed, "hidepid=invisible");
        Mounts.Mount("sysfs", "/sys", "sysfs", Closed | MountFlags.ReadOnly);
    }

    private static RootHash ReadRootHash() => RootHash.Parse(KernelCommandLine.Single(KernelFile.ReadLine("/proc/cmdline"), "roothash"));

    private static void LoadModules()
    {
        const int LongestOrder = 64 * 1024;
        foreach (string name in Modules.ReadOrder(KernelFile.ReadAll($"{ModulesFolder}/order", LongestOrder)))
        {
            Modules.Load(ModulesFolder, name);
        }
    }

    private static string OpenVerity(InitrdState state)
    {
        (Partition data, Partition hash) = state.Partitions!.Value;
        VeritySuperblock superblock = ReadSuperblock($"/dev/{hash.Device.Name}");
        superblock.RequireFits(data.Length, hash.Length);
        return DeviceMapper.CreateDevice(
            "root",
            "verity",
            superblock.DataBlocks * (VeritySuperblock.BlockSize / 512),
            superblock.TableParameters(data.Device.Number, hash.Device.Number, state.RootHash!)).Path;
    }

    private static VeritySuperblock ReadSuperblock(string path)
    {
        int descriptor = KernelFile.Open(path, OpenFlags.ReadOnly);
        try
        {
            return VeritySuperblock.Read(KernelFile.ReadAt(descriptor, 0, VeritySuperblock.Length, path));
        }
        finally
        {
            _ = Interop.Libc.close(descriptor);
        }
    }

    private static void MountRoot(string device)
    {
        Mounts.MakeFolder(NewRoot, 0x1ED);
        Mounts.Mount(device, NewRoot, "erofs", MountFlags.ReadOnly | MountFlags.NoDevices | MountFlags.NoSuid);
    }

    private static void SwitchRoot()
    {
        foreach (string folder in (ReadOnlySpan<string>)["/dev", "/proc", "/sys"])
        {
            Mounts.Move(folder, NewRoot + folder);
        }

        // Its memory is the machine's, and nothing of it is needed again. The program that runs keeps its own pages.
        DeleteChildren("/", except: "root");
        SystemCallException.Check(Interop.Libc.chdir(NewRoot), "chdir");
        Mounts.Move(".", "/");
        SystemCallException.Check(Interop.Libc.chroot("."), "chroot");
        SystemCallException.Check(Interop.Libc.chdir("/"), "chdir");
        Execute();
    }

    private static unsafe void Execute()
    {
        using NativeStrings arguments = new([Program.InstalledPath, Program.SecondLife]);
        using NativeStrings environment = new([]);
        SystemCallException.Check(Interop.Libc.execve(Program.InstalledPath, arguments.Pointer, environment.Pointer), "execve");
    }

    /// <summary>Only the initrd's own file system is walked: all that was mounted on it has moved, but for the new root.</summary>
    private static void DeleteChildren(string folder, string? except)
    {
        foreach ((string name, bool isFolder) in KernelFile.List(folder))
        {
            if (name == except)
            {
                continue;
            }

            string path = folder == "/" ? $"/{name}" : $"{folder}/{name}";
            if (isFolder)
            {
                DeleteChildren(path, except: null);
            }

            _ = isFolder ? Interop.Libc.rmdir(path) : Interop.Libc.unlink(path);
        }
    }
}

/// <summary>What the phases of life one hand on.</summary>
internal sealed class InitrdState
{
    internal RootHash? RootHash { get; set; }

    internal (Partition Data, Partition Hash)? Partitions { get; set; }

    internal string? RootDevice { get; set; }
}
