using Mantle.Emulator.Imds;

namespace Mantle.Unseal.Tests.Imds;

/// <summary>The metadata service going wrong.</summary>
public sealed class MetadataChaosTests
{
    private const int Always = 99;
    private const string Role = "/latest/meta-data/iam/security-credentials/";

    private static readonly Dictionary<string, ChaosCase> s_cases = new()
    {
        ["is nobody"] = new()
        {
            Stage = 0x51,
            Arrange = appliance => appliance.Environment = appliance.Environment with { Metadata = new("http://127.0.0.1:1") },
            Check = (appliance, _) => Assert.Equal([250, 500, 1000], appliance.Waits.Select(wait => wait.TotalMilliseconds)),
        },
        ["is more hops away than its answers go"] = new()
        {
            Stage = 0x51,
            Arrange = appliance =>
            {
                appliance.Environment = appliance.Environment with { MetadataTimeout = TimeSpan.FromMilliseconds(200) };
                appliance.Metadata.Add(new() { Path = "/latest/api/token", Delay = TimeSpan.FromMinutes(5), Times = Always });
            },
        },
        ["fails"] = new() { Stage = 0x51, Arrange = Fault(new() { Status = 503, Times = Always }) },
        ["fails once"] = new() { Stage = 0, Arrange = Fault(new() { Status = 503 }) },
        ["cuts the connection"] = new() { Stage = 0x51, Arrange = Fault(new() { Cuts = true, Times = Always }) },
        ["has no role"] = new() { Stage = 0x52, Setup = new() { Metadata = options => options with { Role = null } } },
        ["has a role that cannot be assumed"] = new() { Stage = 0x52, Setup = new() { Metadata = options => options with { Credentials = null } } },
        ["refuses a token"] = new()
        {
            Stage = 0x50,
            Arrange = Fault(new() { Path = "/latest/api/token", Status = 403, Times = Always }),
            Check = (appliance, _) => Assert.DoesNotContain(appliance.Metadata.Calls, call => call.StartsWith("GET", StringComparison.Ordinal)),
        },
        ["has no tokens, as version 1"] = new()
        {
            Stage = 0x52,
            Arrange = Fault(new() { Path = "/latest/api/token", Status = 404, Times = Always }),
            Check = (appliance, _) => Assert.DoesNotContain(appliance.Metadata.Calls, call => call.StartsWith("GET", StringComparison.Ordinal)),
        },
        ["forgets the token"] = new() { Stage = 0x50, Arrange = Fault(new() { Path = Role, ForgetsTokens = true, Times = Always }) },
        ["forgets the token once"] = new() { Stage = 0, Arrange = Fault(new() { Path = Role, ForgetsTokens = true }) },
        ["names a role that leads elsewhere"] = new() { Stage = 0x50, Arrange = Fault(new() { Path = Role, Body = "../../../latest/user-data", Times = Always }) },
        ["gives a token with a line break"] = new() { Stage = 0x50, Arrange = Fault(new() { Path = "/latest/api/token", Body = "a\r\nHost: b", Times = Always }) },
        ["gives no credentials"] = new() { Stage = 0x50, Arrange = Fault(new() { Path = Role + "mantle-appliance", Body = "{}", Times = Always }) },
        ["gives a page"] = new() { Stage = 0x50, Arrange = Fault(new() { Path = Role + "mantle-appliance", Body = "<html>", Times = Always }) },
        ["gives too much"] = new() { Stage = 0x51, Arrange = Fault(new() { Path = Role + "mantle-appliance", Body = new('x', 100_000), Times = Always }) },
    };

    public static TheoryData<string> Cases { get; } = [.. s_cases.Keys];

    /// <summary>Each case and the stage in which it ends.</summary>
    internal static IEnumerable<(string Name, int Stage)> Listed => s_cases.Select(each => (each.Key, (int)each.Value.Stage));

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Metadata_service(string what) => s_cases[what].RunAsync();

    private static Action<TestAppliance> Fault(MetadataFault fault) => appliance => appliance.Metadata.Add(fault);
}
