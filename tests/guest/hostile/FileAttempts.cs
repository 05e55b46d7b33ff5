namespace Mantle.Hostile;

/// <summary>Files that are not the service's, and code that is not the image's.</summary>
internal static class FileAttempts
{
    /// <summary>Where a service may write.</summary>
    public static readonly string[] Writable = ["/tmp", "/dev/shm"];

    private const int Map = 9, Protect = 10, ChangeMode = 90, Memory = 319;
    private const int Read = 1, Write = 2, Execute = 4, Shared = 1, Private = 2;

    public static IEnumerable<Attempt> All() =>
    [
        Creates("files", "write into the root", "/usr/bin/implant"),
        Attempt.Call("files", "change one's own program", () => Files.Open(Program.Self)),
        Attempt.Call("files", "change the configuration", () => Files.Open("/etc/mantle/appliance.json")),
        Creates("files", "write into the weights", "/run/volumes/weights/implant"),
        Creates("files", "write into /run", "/run/implant"),
        Creates("files", "write into /var", "/var/implant"),
        Attempt.Call("files", "give a file to root", () => Interop.CallWith("/tmp", path => Interop.Call(92, path, 0, 0))),
        new("files", "find another place to write", () => Outcome.Of(WritablePlaces().Where(path => !Writable.Contains(path)))),
        new("files", "find a set-id program", () => Outcome.Of(Files.Below("/", IsKernels).Where(path => (Files.Stat(path).Mode & 0xC00) != 0 && !Directory.Exists(path)))),
        new("files", "find a mount with set-id programs", () => Outcome.Of(Mounts(options => !options.Contains("nosuid")))),
        new("files", "find a mount with devices", () => Outcome.Of(Mounts(options => !options.Contains("nodev")).Where(path => path != "/dev"))),
        new("code", "find a mount that may be written and run", () => Outcome.Of(Mounts(options => !options.Contains("ro") && !options.Contains("noexec")))),
        new("code", "run a copy in /tmp", () => Interop.Run(Copy("/tmp/implant"), Program.Implant)),
        new("code", "run a copy in /dev/shm", () => Interop.Run(Copy("/dev/shm/implant"), Program.Implant)),
        new("code", "run a copy in /tmp by the loader", () => Interop.Run("/lib64/ld-linux-x86-64.so.2", Copy("/tmp/implant"), Program.Implant)),
        new("code", "run a script in /tmp", RunScript),
        Attempt.Call("code", "map code from /tmp", () => MapFile(Copy("/tmp/implant"), Read | Execute, Private)),
        Attempt.Call("code", "map code from /dev/shm and write it", () => MapFile(Copy("/dev/shm/implant"), Read | Write | Execute, Shared)),
        Attempt.Call("code", "make a mapping of /tmp executable", MakeExecutable),
        Attempt.Call("code", "map code from a file without a name", () => MapDescriptor(Files.Open("/tmp", Files.ReadWrite | Files.Temporary), Read | Execute, Private)),
        Attempt.Call("code", "make an executable in memory", () => MemoryFile(0x10)),
        new("code", "run a file in memory", RunMemory),
    ];

    /// <summary>Folders and files that access(2) says could be written.</summary>
    public static IEnumerable<string> WritablePlaces() =>
        Files.Below("/", path => IsKernels(path) || Writable.Any(place => path.StartsWith(place + "/", StringComparison.Ordinal)))
            .Where(path => !path.StartsWith("/dev/", StringComparison.Ordinal) || Writable.Contains(path))
            .Where(path => new FileInfo(path).LinkTarget is null && Files.IsWritable(path));

    /// <summary>Maps the start of a file.</summary>
    public static nint MapFile(string path, int protection, int kind) => MapDescriptor(Files.Open(path, (protection & Write) != 0 ? Files.ReadWrite : Files.ReadOnly), protection, kind);

    private static nint MapDescriptor(nint descriptor, int protection, int kind) => descriptor < 0 ? descriptor : Interop.Call(Map, 0, 4096, protection, kind, descriptor, 0);

    private static Attempt Creates(string target, string name, string path) => Attempt.Call(target, name, () => Files.Open(path, Files.ReadWrite | Files.Create));

    private static bool IsKernels(string path) => path is "/proc" or "/sys";

    /// <summary>Where mounts are whose options are such.</summary>
    private static IEnumerable<string> Mounts(Func<string[], bool> options) =>
        File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')).Where(words => options(words[5].Split(','))).Select(words => words[4]);

    private static string Copy(string path)
    {
        File.Copy(Program.Self, path, overwrite: true);
        _ = Interop.CallWith(path, name => Interop.Call(ChangeMode, name, 0x1ED));
        return path;
    }

    private static Outcome RunScript()
    {
        File.WriteAllText("/tmp/script", $"#!{Program.Self} {Program.Implant}\n");
        _ = Interop.CallWith("/tmp/script", name => Interop.Call(ChangeMode, name, 0x1ED));
        return Interop.Run("/tmp/script");
    }

    private static nint MakeExecutable()
    {
        nint address = MapFile(Copy("/tmp/implant"), Read, Private);
        return address < 0 ? throw new InvalidOperationException("no mapping") : Interop.Call(Protect, address, 4096, Read | Execute);
    }

    private static nint MemoryFile(int flags) => Interop.CallWith("implant", name => Interop.Call(Memory, name, flags));

    private static Outcome RunMemory()
    {
        nint descriptor = MemoryFile(0);
        if (descriptor < 0)
        {
            throw new InvalidOperationException("no file in memory to try it with");
        }

        using (FileStream memory = new(new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write))
        {
            memory.Write(File.ReadAllBytes(Program.Self));
        }

        _ = Interop.Call(91, descriptor, 0x1ED);
        return Interop.Run($"/proc/self/fd/{descriptor}", Program.Implant);
    }
}
