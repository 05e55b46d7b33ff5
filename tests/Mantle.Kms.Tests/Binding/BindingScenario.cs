using Mantle.Emulator.Kms;
using Mantle.Emulator.Kms.Wire;
using Mantle.ImageBuilder;
using Mantle.ImageBuilder.Binding;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Kms.Tests.Binding;

/// <summary>A plan, a cloud and an administrator who binds; nothing waits.</summary>
internal sealed class BindingScenario : IAsyncDisposable, IDialogue
{
    public const string Purpose = "Mantle key for sample";

    private BindingScenario(TestCloud cloud) => Cloud = cloud;

    public TestCloud Cloud { get; }

    public KmsFaults Faults => Cloud.Endpoint.Faults;

    public List<string> Said { get; } = [];

    /// <summary>What happens while the administrator is asked; false declines.</summary>
    public Func<bool> Answer { get; set; } = () => true;

    public int Waits { get; private set; }

    public BindingPlan Plan { get; set; } = Parse("final");

    public KmsCaller Caller { get; set; } = TestCloud.CustodianCaller;

    public IReadOnlyList<BindRelease> Releases { get; set; } = [Release('a')];

    public IEnumerable<string> Operations => Cloud.Endpoint.Calls.Select(call => call.Operation);

    public int Puts => Cloud.Endpoint.Calls.Count(call => call.Operation == "PutKeyPolicy" && call.Error is null);

    public Emulator.Kms.Keys.KmsKey Key => Assert.Single(Cloud.Service.Keys);

    public static async Task<BindingScenario> StartAsync() => new(await TestCloud.StartAsync());

    /// <summary>A key that is bound as the plan says.</summary>
    public static async Task<BindingScenario> BoundAsync()
    {
        BindingScenario scenario = await StartAsync();
        BindResult result = await scenario.BindAsync(creates: true);
        Assert.Equal(ExitCode.Success, result.Report!.ExitCode);
        scenario.Plan = scenario.Plan with { Key = scenario.Plan.Key with { Id = scenario.Key.Id } };
        return scenario;
    }

    public static BindRelease Release(char digit) => new($"sample {digit}", Image(digit));

    public static AttestedPcrs Image(char digit) => new()
    {
        Name = $"sample {digit}",
        Values = new Dictionary<int, string> { [4] = new(digit, 96), [7] = new('7', 96), [12] = AttestedPcrs.Zero, [13] = AttestedPcrs.Zero },
    };

    public static BindingPlan Parse(string phase) => PlanReader.Parse("sample.yaml", $"""
        version: 1
        phase: {phase}
        key:
          account: "{TestCloud.Account}"
          region: {TestCloud.Region}
          alias: alias/appliance
          rotation-period: 365
        instances:
          principals: [{TestCloud.Appliance}]
          operations: [kms:Decrypt, kms:GenerateDataKey]
        administrators:
          - principal: {TestCloud.Custodian}
            may: [read, replace-policy, rotate, disable, schedule-deletion, revoke-grants, manage-aliases]
          - principal: {TestCloud.Provisioner}
            may: [encrypt]
        generations:
          - name: sample-a
            state: current
            pcrs:
              4: {new string('a', 96)}
              7: "{new string('7', 96)}"
              12: "{AttestedPcrs.Zero}"
              13: "{AttestedPcrs.Zero}"
        """);

    /// <summary>The plan with one more generation.</summary>
    public void Roll(char digit, GenerationState state = GenerationState.Canary) => Plan = Plan with
    {
        Generations = [.. Plan.Generations, new() { Name = $"sample-{digit}", State = state, Pcrs = Image(digit) }],
    };

    public async Task<BindResult> BindAsync(bool creates = false, bool isDryRun = false, bool seals = false)
    {
        using Binder binder = Open(creates, isDryRun, seals);
        return await binder.RunAsync(CancellationToken.None);
    }

    public async Task<UserErrorException> FailAsync(int code, bool creates = false)
    {
        UserErrorException e = await Assert.ThrowsAsync<UserErrorException>(() => BindAsync(creates));
        Assert.True(e.Code == code, $"exit code {e.Code}: {e.Message}");
        return e;
    }

    public async Task<BindResult> StatusAsync()
    {
        using Binder binder = Open(false, false, false);
        return await binder.StatusAsync(CancellationToken.None);
    }

    public void Say(string line) => Said.Add(line);

    public bool Confirm(string question)
    {
        Said.Add(question);
        return Answer();
    }

    public ValueTask DisposeAsync() => Cloud.DisposeAsync();

    private Binder Open(bool creates, bool isDryRun, bool seals) => new(
        new() { Plan = Plan, Purpose = Purpose, Releases = Releases, Creates = creates, IsDryRun = isDryRun, Seals = seals, Time = TimeProvider.System },
        this,
        new(Cloud.ClientOf(Caller), (_, _) =>
        {
            Waits++;
            return Task.CompletedTask;
        }));
}
