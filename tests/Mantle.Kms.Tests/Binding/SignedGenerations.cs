using System.Globalization;
using System.Text;
using System.Text.Json;
using Mantle.Cli.Tests;

namespace Mantle.Kms.Tests.Binding;

/// <summary>Two releases of an appliance that two people have signed one after the other, and plans for them.</summary>
public sealed class SignedGenerations : SigningWorkshop
{
    public const string First = "release-1";
    public const string Second = "release-2";

    public SignedGenerations()
        : base("manager", "reviewer")
    {
        MakeRelease(First, number: 1, payload: 2000);
        MakeRelease(Second, number: 2, payload: 9000);
        Succeed("sign", Second, "--key", "reviewer.key");
        CopyOfFirst("half-signed");
        Succeed("sign", First, "--key", "reviewer.key");
    }

    /// <summary>Writes <c>plan.yaml</c>.</summary>
    /// <param name="keyId">The key, or null: the one of the alias.</param>
    /// <param name="generations">Release directories with the states of their generations.</param>
    public void WritePlan(string? keyId, params IEnumerable<(string Release, string State)> generations)
    {
        StringBuilder text = new($"""
            version: 1
            phase: final
            key:
              account: "{TestCloud.Account}"
              region: {TestCloud.Region}
              alias: alias/tiny
            {(keyId is null ? "" : $"  id: {keyId}")}
            instances:
              principals: [{TestCloud.Appliance}]
              operations: [kms:GenerateDataKey]
            administrators:
              - principal: {TestCloud.Custodian}
                may: [read, replace-policy, manage-aliases]
            generations:

            """);
        foreach ((string release, string state) in generations)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: {release}\n    state: {state}\n    measurements: {release}/measurements-secure-boot.json\n");
            text.Append(state == "retiring" ? $"    until: {Day(30)}T00:00:00Z\n" : "");
        }

        File.WriteAllText(PathOf("plan.yaml"), text.ToString());
    }

    /// <summary>The registers that KMS is shown by an instance of a release.</summary>
    public (int Pcr, string Hex)[] Registers(string release)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(PathOf(Path.Combine(release, "measurements-secure-boot.json"))));
        return
        [
            .. document.RootElement.GetProperty("pcrs").EnumerateArray()
                .Select(pcr => (pcr.GetProperty("index").GetInt32(), pcr.GetProperty("values").GetProperty("sha384").GetString()!)),
        ];
    }

    public string CopyOfFirst(string name)
    {
        Testing.Oracle.Succeed("cp", "-a", PathOf(First), PathOf(name));
        return name;
    }
}
