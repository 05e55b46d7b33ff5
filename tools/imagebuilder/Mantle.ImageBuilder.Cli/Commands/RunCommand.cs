using System.CommandLine;
using Mantle.ImageBuilder.Running;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.Measure;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder run</c>: boots an image on this host.</summary>
internal static class RunCommand
{
    private const int LeastMemory = 256;
    private const int MostMemory = 1 << 20;

    private static readonly Argument<string> s_image = new("DIR|IMAGE") { Description = "The output folder of a build, a release directory, or a raw disk image" };

    private static readonly Option<string[]> s_port = new("--port")
    {
        Description = "A TCP port of 127.0.0.1 that leads to one of the guest's; one number for both; may be repeated", HelpName = "HOST:GUEST",
    };

    private static readonly Option<int> s_memory = new("--memory") { Description = "The guest's memory in MiB", HelpName = "MIB", DefaultValueFactory = _ => 1024 };
    private static readonly Option<string[]> s_disk = new("--disk") { Description = "A further disk, only read; may be repeated", HelpName = "FILE" };
    private static readonly Option<bool> s_secureBoot = new("--secure-boot") { Description = "Boot with Secure Boot and the keys of --identity" };

    private static readonly Option<string?> s_identity = new("--identity")
    {
        Description = "The Secure Boot identity [default: the one in the release directory]", HelpName = "DIR",
    };

    private static readonly Option<bool> s_outbound = new("--outbound") { Description = "Let the guest reach the networks that this host reaches" };
    private static readonly Option<string?> s_serial = new("--serial") { Description = "Make a Unix socket that is the serial port, for a debug twin", HelpName = "SOCKET" };

    public static Command Create()
    {
        Command command = new(
            "run",
            """
            Boot an image on this host: QEMU with OVMF, a software TPM and NVMe disks, by KVM where it is to be had. For the people who
            develop an appliance; it proves nothing about EC2.

            The image is only read, and what the guest writes is lost. Without --port nobody reaches the guest, without --outbound it
            reaches nobody. Ctrl-C pulls the plug and leaves nothing behind. This is the one command that starts other programs.

            Exit code 0: the guest switched itself off; 2: it reset itself, as a kernel that panics does; 4: QEMU, swtpm or OVMF is missing or
            fails; 130: ended by Ctrl-C.

              imagebuilder run out --port 8443
              imagebuilder run release --secure-boot --port 9443:8443
              imagebuilder run out-debug --serial serial.socket      then: socat - UNIX-CONNECT:serial.socket
            """)
        {
            s_image, s_port, s_memory, s_disk, s_secureBoot, s_identity, s_outbound, s_serial,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string given = parsed.GetValue(s_image)!;
        MachineRequest request = new()
        {
            Image = Existing(Directory.Exists(given) ? Path.Combine(given, ReleaseFiles.Image) : given),
            Disks = [.. (parsed.GetValue(s_disk) ?? []).Select(Existing)],
            MemoryMebibytes = parsed.GetValue(s_memory) is >= LeastMemory and <= MostMemory and int memory
                ? memory
                : throw Usage($"--memory is a number from {LeastMemory} to {MostMemory}"),
            Ports = [.. (parsed.GetValue(s_port) ?? []).Select(PortForward.Parse)],
            IsConnected = parsed.GetValue(s_outbound),
            Keys = Keys(parsed, given),
            SerialSocket = parsed.GetValue(s_serial),
        };
        HostPrograms host = HostPrograms.Find(Environment.GetEnvironmentVariable("PATH"));
        TextWriter output = parsed.InvocationConfiguration.Output;
        using LocalMachine machine = new(request, host);
        GuestEnd end = await machine.RunAsync(
            isVirtualized =>
            {
                output.WriteLine($"booting     {request.Image}, {request.MemoryMebibytes} MiB, {(isVirtualized ? "kvm" : "emulated")}, Secure Boot {(request.Keys is null ? "off" : "on")}");
                foreach (PortForward port in request.Ports)
                {
                    output.WriteLine($"forwards    127.0.0.1:{port.Host} to port {port.Guest}");
                }

                output.Flush();
            },
            port =>
            {
                output.WriteLine($"answers     https://127.0.0.1:{port.Host}/");
                output.Flush();
            },
            cancellation).ConfigureAwait(false);
        output.WriteLine(end == GuestEnd.PowerOff ? "ended       the guest switched itself off" : "ended       the guest reset itself");
        return end == GuestEnd.PowerOff ? ExitCode.Success : ExitCode.Mismatch;
    }

    private static SecureBootVariables? Keys(ParseResult parsed, string given)
    {
        string? identity = parsed.GetValue(s_identity);
        if (!parsed.GetValue(s_secureBoot))
        {
            return identity is null ? null : throw Usage("--identity goes with --secure-boot");
        }

        string own = Path.Combine(given, ReleaseFiles.Identity);
        return SecureBootIdentity.Read(identity ?? (Directory.Exists(own) ? own : throw Usage("--secure-boot needs --identity: the image comes without one"))).Variables;
    }

    private static string Existing(string path) => File.Exists(path) ? path
        : throw new UserErrorException($"\"{path}\" does not exist", "give a folder that \"imagebuilder build\" or \"imagebuilder sign\" has made, or a raw disk image", ExitCode.Environment);

    private static UserErrorException Usage(string problem) => new(problem, "see \"imagebuilder run --help\"", ExitCode.Usage);
}
