using System.Text;
using Mantle.Testing;

namespace Mantle.Demo;

/// <summary>The files that people write: the recipe's additions, the release policy, the binding plan.</summary>
internal static class Texts
{
    /// <summary>Where the guest finds KMS.</summary>
    public const string KeyServiceName = $"kms.{Cloud.Region}.amazonaws.com";

    /// <summary>
    /// The sample's recipe with the weights, and with what differs from EC2: the name of KMS leads to the emulator, whose certificate's root is in the
    /// image and measured with it.
    /// </summary>
    public static string Recipe(string version, string rootHash)
    {
        string text = File.ReadAllText(Repository.PathOf("appliance", "appliance.yaml"));
        text = text.Replace("../artifacts/", Repository.PathOf("artifacts") + "/", StringComparison.Ordinal);
        text = Replace(text, "\nversion: 0.1.0\n", $"\nversion: {version}\n");
        text = Replace(text, "\n      ::1 localhost\n", $"\n      ::1 localhost\n      {Cloud.KeyServiceAddress} {KeyServiceName}\n");
        text = Replace(text, "\nfiles:\n", "\nfiles:\n  - path: /etc/ssl/kms-root.pem\n    source: kms-root.pem\n");
        return Replace(text, "\nunseal:\n", $"""

            unseal:
              status-port: {Laboratory.StatusPort}
              attempts: 2
              kms:
                region: {Cloud.Region}
                certificates: /etc/ssl/kms-root.pem
              volumes:
                - name: weights
                  root-hash: {rootHash}
                  version: "1"
                  encrypted: true

            """.ReplaceLineEndings("\n"));
    }

    /// <summary>Two roles, one person each, and the ledger.</summary>
    public static string ReleasePolicy(string managerKey, string reviewerKey, string? ledger) => $"""
        format: 1
        name: sample
        minimum-number: 1
        maximum-age: 90d
        roles:
          - role: release manager
            threshold: 1
            people:
              - person: alice
                keys:
                  - from: 2026-01-01
                    until: 2099-12-31
                    key: |
        {Indent(managerKey, 14)}
          - role: security reviewer
            threshold: 1
            people:
              - person: bob
                keys:
                  - from: 2026-01-01
                    until: 2099-12-31
                    key: |
        {Indent(reviewerKey, 14)}
        identities: []
        deny: []
        debug-twins: [out-debug/debug-measurements.json]
        waivers: []
        {(ledger is null ? "" : $"ledger: {ledger}")}

        """;

    /// <summary>The plan of the key policy: bootstrap without generations, then final with the release.</summary>
    public static string Plan(string? key, string? measurements) => $"""
        version: 1
        phase: {(measurements is null ? "bootstrap" : "final")}
        key:
          account: "{Cloud.Account}"
          region: {Cloud.Region}
        {(key is null ? "" : $"  id: {key}")}
        instances:
          principals: [{Cloud.Appliance}]
          operations: [kms:Decrypt]
          conditions:
            encryption-context:
              mantle:appliance: sample
        administrators:
          - principal: {Cloud.Custodian}
            may: [read, replace-policy]
          - principal: {Cloud.Provisioner}
            may: [encrypt]
        {(measurements is null ? "generations: []" : $"generations:\n  - name: 1.0.0\n    state: current\n    measurements: {measurements}")}

        """;

    private static string Indent(string text, int spaces)
    {
        StringBuilder indented = new();
        foreach (string line in text.TrimEnd().Split('\n'))
        {
            indented.Append(' ', spaces).Append(line).Append('\n');
        }

        return indented.ToString().TrimEnd('\n');
    }

    private static string Replace(string text, string old, string by) =>
        text.Split(old).Length == 2 ? text.Replace(old, by, StringComparison.Ordinal) : throw new DemoException($"the sample's recipe does not have \"{old.Trim()}\" once");
}
