using System.Net;
using System.Net.Sockets;

namespace Mantle.Hostile;

/// <summary>
/// What a service that has turned against its machine would try. Each returns what the kernel said: 0 or more is a success, and a hole; a negative error
/// number is a refusal.
/// </summary>
internal static unsafe class Attempts
{
    private const int Open = 2, OpenReadWrite = 2, CreateFile = 0x40, Socket = 41, Connect = 42;

    /// <summary>All of them, by name.</summary>
    public static (string Name, Func<nint> Try)[] All(int attestor) =>
    [
        ("open the TPM", () => OpenFile("/dev/tpm0")),
        ("open the TPM by its resource manager", () => OpenFile("/dev/tpmrm0")),
        ("open physical memory", () => OpenFile("/dev/mem")),
        ("open kernel memory", () => OpenFile("/proc/kcore", 0)),
        ("read the kernel's log", () => OpenFile("/dev/kmsg", 0)),
        ("open the disk", () => OpenFirst("/sys/class/block", "nvme", "/dev/")),
        ("open the decrypted volume", () => OpenFirst("/sys/class/block", "dm-", "/dev/")),
        ("open the device mapper", () => OpenFile("/dev/mapper/control")),
        ("reach the metadata service", () => Reach("169.254.169.254", 80)),
        ("load a module", () => Interop.Call(175)),
        ("load a module from a file", () => Interop.Call(313, -1, 0, 0)),
        ("load another kernel", () => Interop.Call(246)),
        ("load another kernel from a file", () => Interop.Call(320)),
        ("attach to process 1", () => Interop.Call(101, 16, 1)),
        ("attach to the attestor", () => Interop.Call(101, 16, attestor)),
        ("read the memory of process 1", () => OpenFile("/proc/1/mem", 0)),
        ("read the memory of the attestor", () => OpenFile($"/proc/{attestor}/mem", 0)),
        ("read the attestor by process_vm_readv", () => Interop.Call(310, attestor)),
        ("read the environment of the attestor", () => OpenFile($"/proc/{attestor}/environ", 0)),
        ("take a descriptor of the attestor", () => TakeDescriptor(attestor)),
        ("kill the attestor", () => attestor > 1 ? Interop.Call(62, attestor, 9) : 0),
        ("kill process 1", () => Interop.Call(62, 1, 9)),
        ("listen in the attestor's place", () => BindLocal("/run/attest/other")),
        ("write where the attestor's socket is", () => OpenFile("/run/attest/socket", OpenReadWrite | CreateFile)),
        ("mount something", () => Interop.CallWith("/tmp", path => Interop.Call(165, path, path, path))),
        ("make the root writable", () => Interop.CallWith("/", path => Interop.Call(165, 0, path, 0, 0x20))),
        ("leave for another root", () => Interop.CallWith("/tmp", path => Interop.Call(161, path))),
        ("make a user name space", () => Interop.Call(272, 0x10000000)),
        ("become root", () => Interop.Call(105, 0)),
        ("take a capability", TakeCapability),
        ("load a BPF program", () => Interop.Call(321, 5)),
        ("watch by performance events", () => Interop.Call(298)),
        ("use io_uring", () => Interop.Call(425, 8)),
        ("catch page faults", () => Interop.Call(323)),
        ("look for keys", () => Interop.Call(250, 0, -3, 0)),
        ("open a raw socket", () => Interop.Call(Socket, 2, 3, 1)),
        ("open a packet socket", () => Interop.Call(Socket, 17, 3, 0)),
        ("reach a virtual machine's host by vsock", () => Interop.Call(Socket, 40, 1, 0)),
        ("switch the machine off", () => Interop.Call(169, unchecked((int)0xfee1dead), 672274793, 0x4321fedc)),
        ("set the clock", () => Interop.Call(227)),
        ("change a kernel setting", () => OpenFile("/proc/sys/kernel/modprobe")),
        ("press the magic key", () => OpenFile("/proc/sysrq-trigger", 1)),
        ("write into the root", () => OpenFile("/usr/bin/implant", OpenReadWrite | CreateFile)),
        ("write into the weights", () => OpenFile("/run/volumes/weights/implant", OpenReadWrite | CreateFile)),
        ("write beside the secrets", () => OpenFile("/run/secrets/implant", OpenReadWrite | CreateFile)),
        ("run code from /tmp", () => RunCopy("/tmp/implant")),
        ("run code from /dev/shm", () => RunCopy("/dev/shm/implant")),
        ("map code from /tmp", () => MapCopy("/tmp/mapped")),
        ("run code from memory", RunMemory),
    ];

    private static nint OpenFile(string path, int flags = OpenReadWrite) => Interop.CallWith(path, name => Interop.Call(Open, name, flags, 0x1FF));

    /// <summary>Opens the first device of a kind for reading; an error when there is none, so that the attempt cannot be refused for want of a target.</summary>
    private static nint OpenFirst(string folder, string prefix, string devices)
    {
        string? name = Directory.GetFileSystemEntries(folder).Select(Path.GetFileName).FirstOrDefault(each => each!.StartsWith(prefix, StringComparison.Ordinal));
        return name is null ? 0 : OpenFile(devices + name, 0);
    }

    private static nint Reach(string address, ushort port)
    {
        nint descriptor = Interop.Call(Socket, 2, 1, 0);
        byte[] target = [2, 0, (byte)(port >> 8), (byte)port, .. IPAddress.Parse(address).GetAddressBytes(), 0, 0, 0, 0, 0, 0, 0, 0];
        fixed (byte* pointer = target)
        {
            return Interop.Call(Connect, descriptor, (nint)pointer, target.Length);
        }
    }

    private static nint BindLocal(string path)
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            return 0;
        }
        catch (SocketException exception)
        {
            return -exception.ErrorCode;
        }
    }

    private static nint TakeDescriptor(int process)
    {
        nint handle = Interop.Call(434, process, 0);
        return handle < 0 ? handle : Interop.Call(438, handle, 3, 0);
    }

    private static nint TakeCapability()
    {
        // capset(2), version 3: all capabilities, effective, permitted and inheritable.
        uint[] header = [0x20080522, 0], data = [uint.MaxValue, uint.MaxValue, 0, uint.MaxValue, uint.MaxValue, 0];
        fixed (uint* first = header, second = data)
        {
            return Interop.Call(126, (nint)first, (nint)second);
        }
    }

    private static nint RunCopy(string path)
    {
        File.Copy("/usr/bin/service", path, overwrite: true);
        _ = Interop.CallWith(path, name => Interop.Call(90, name, 0x1FF));
        return Interop.CallWith(path, name => Interop.Call(59, name, 0, 0));
    }

    private static nint MapCopy(string path)
    {
        File.Copy("/usr/bin/service", path, overwrite: true);
        nint descriptor = OpenFile(path, 0);
        const int ReadAndExecute = 5, Private = 2;
        return Interop.Call(9, 0, 4096, ReadAndExecute, Private, descriptor, 0);
    }

    private static nint RunMemory()
    {
        nint descriptor = Interop.CallWith("implant", name => Interop.Call(319, name, 0));
        if (descriptor < 0)
        {
            return descriptor;
        }

        using (FileStream memory = new(new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write))
        {
            memory.Write(File.ReadAllBytes("/usr/bin/service"));
        }

        const int EmptyPath = 0x1000;
        return Interop.CallWith("", name => Interop.Call(322, descriptor, name, 0, 0, EmptyPath));
    }
}
