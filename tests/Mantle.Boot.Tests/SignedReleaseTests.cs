using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mantle.Emulator.Machine;
using Mantle.Formats.Efi;
using Mantle.Formats.Tpm;

namespace Mantle.Boot.Tests;

/// <summary>A whole release on a machine that has its identity's keys.</summary>
public partial class SignedReleaseTests(SignedRelease release) : IClassFixture<SignedRelease>
{
    private const int Interrupt = 2, Terminate = 15;

    [Fact]
    public void It_boots_with_secure_boot_and_measures_what_its_statement_says()
    {
        MachineOptions options = TestMachine.Options(release.Image);
        string variables = Path.Combine(release.NewFolder("machine"), "variables.fd");
        File.WriteAllBytes(variables, VariableStore.Add(File.ReadAllBytes(options.Firmware.VariablesPath), release.Variables.ToVariables(isEnabled: true)));
        using VirtualMachine machine = TestMachine.BootUntil(
            options with { Firmware = options.Firmware with { VariablesPath = variables } }, x => x.WaitForHttps("/healthz"));
        PcrValues values = machine.Pcrs();

        Assert.All(
            from bank in release.Statement.WithSecureBoot.Banks
            from pcr in bank.Value
            select (bank.Key, pcr.Key, pcr.Value),
            stated => Assert.Equal(stated, (stated.Item1, stated.Item2, values[stated.Item1, stated.Item2])));
        Assert.All([4, 7, 12, 13], pcr => Assert.Contains(pcr, release.Statement.WithSecureBoot.Banks[TpmAlgorithm.Sha384].Keys));
    }

    [Fact]
    public async Task It_is_run_on_this_host_until_an_interrupt_and_leaves_nothing()
    {
        TestMachine.Options(release.Image); // skips where a program is missing
        string temporary = release.NewFolder("temporary");
        int port = FreePort();
        ProcessStartInfo start = new(BuiltImage.BuilderTool, ["run", release.Folder, "--secure-boot", "--port", $"{port}:8443"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = temporary;
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            List<string> lines = [];
            using CancellationTokenSource patience = new(VirtualMachine.BootTimeout);
            while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line && !line.StartsWith("answers", StringComparison.Ordinal))
            {
                lines.Add(line);
            }

            Assert.True(lines.Count > 1 && lines[^2].EndsWith("Secure Boot on", StringComparison.Ordinal), string.Join('\n', lines) + (process.HasExited ? await error : ""));
            using HttpClientHandler anybody = new() { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
            using HttpClient client = new(anybody);
            Assert.True((await client.GetAsync(new Uri($"https://127.0.0.1:{port}/healthz"), patience.Token)).IsSuccessStatusCode);
            Assert.NotEmpty(Directory.GetFileSystemEntries(temporary));

            Assert.Equal(0, kill(process.Id, IsInterruptIgnored() ? Terminate : Interrupt));

            // Patience of its own: on a busy host the boot may have used up the other.
            using CancellationTokenSource end = new(VirtualMachine.BootTimeout);
            await process.WaitForExitAsync(end.Token);
            Assert.Equal(130, process.ExitCode);
            Assert.Empty(Directory.GetFileSystemEntries(temporary));
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>A shell without job control lets what it runs in the background ignore SIGINT, and a program that was started so keeps to it (signal(7)).</summary>
    private static bool IsInterruptIgnored()
    {
        string mask = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim();
        return (Convert.ToUInt64(mask, 16) & (1 << (Interrupt - 1))) != 0;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
