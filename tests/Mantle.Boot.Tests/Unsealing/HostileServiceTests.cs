using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Mantle.Emulator.Machine;
using Mantle.Testing;

namespace Mantle.Boot.Tests.Unsealing;

/// <summary>
/// The sample appliance whose service has turned against its machine: arbitrary code as the service's user (tests/guest/hostile) tries what such a service
/// would try. Everything has to be refused by permission, and not for want of a target.
/// </summary>
public sealed class HostileServiceTests
{
    /// <summary>Errors that are refusals: EPERM, EACCES, EROFS, EAFNOSUPPORT (no such protocol in the kernel), and ENOENT for a device that is not there.</summary>
    private static readonly string[] s_refusals = ["refused 1", "refused 13", "refused 30", "refused 97", "refused 2", "refused UnauthorizedAccessException"];

    [Fact]
    public void Arbitrary_code_as_the_services_user_gets_nothing()
    {
        using TemporaryFolder folder = new();
        using TcpListener metadata = new(IPAddress.Loopback, 0);
        metadata.Start();
        MachineOptions options = TestMachine.Options(Build(folder)) with
        {
            Relay = Oracle.Require("socat"),
            Servers = [new(IPAddress.Parse("169.254.169.254"), 80, ((IPEndPoint)metadata.LocalEndpoint).Port)],
        };
        string report = "";
        using VirtualMachine machine = TestMachine.BootUntil(options, x =>
        {
            Stopwatch patience = Stopwatch.StartNew();
            while (!report.EndsWith("end\n", StringComparison.Ordinal))
            {
                Assert.True(patience.Elapsed < VirtualMachine.BootTimeout && !x.IsOff, $"no report; events: {string.Join(' ', x.Events)}");
                report = x.TryHear(options.GuestPort, TimeSpan.FromSeconds(5)) ?? "";
            }
        });

        string[] lines = report.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEqual("attestor 0", lines[0]);
        string[] attempts = [.. lines.Where(line => line.Contains(": ", StringComparison.Ordinal))];
        Assert.True(attempts.Length >= 40, report);
        Assert.All(attempts, line => Assert.Contains(line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..], s_refusals));
        Assert.False(metadata.Pending(), "somebody has reached the metadata service");
        Assert.Equal(0, machine.ResetCount);
        Assert.False(machine.IsOff);
        Assert.Empty(machine.SerialSinceHandover);
    }

    private static string Build(TemporaryFolder folder)
    {
        _ = BuiltImage.Disk;
        string recipe = File.ReadAllText(Repository.PathOf("appliance", "appliance.yaml"));
        Assert.Contains("source: ../artifacts/guest/service\n", recipe, StringComparison.Ordinal);
        recipe = recipe
            .Replace("../artifacts/guest/service\n", $"{BuildOutput.Require(Path.Combine("artifacts", "guest"), "hostile")}\n", StringComparison.Ordinal)
            .Replace("source: ../artifacts/", $"source: {Repository.PathOf("artifacts")}/", StringComparison.Ordinal)
            .Replace("source: debug/", $"source: {Repository.PathOf("appliance", "debug")}/", StringComparison.Ordinal);
        File.WriteAllText(folder["appliance.yaml"], recipe);
        Oracle.Succeed(
            BuildOutput.Require("dist", "imagebuilder"), "build", folder["appliance.yaml"], "--lock", Repository.PathOf("appliance", "appliance.lock.json"), "--output", folder["out"]);
        return folder["out/image.raw"];
    }
}
