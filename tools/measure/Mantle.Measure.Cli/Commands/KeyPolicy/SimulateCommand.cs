using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.Cli.Commands.KeyPolicy;

/// <summary><c>measure policy simulate</c>.</summary>
internal static class SimulateCommand
{
    private static readonly Option<string> s_principal = new("--principal") { Description = "Who asks: an ARN, an account (its root user) or a service", HelpName = "ARN", Required = true };
    private static readonly Option<string> s_action = new("--action") { Description = "What for, for example kms:Decrypt", HelpName = "ACTION", Required = true };
    private static readonly Option<string[]> s_context = new("--context") { Description = "A context key; several values are separated by |; repeatable", HelpName = "KEY=VALUE" };
    private static readonly Option<string[]> s_pcr = new("--pcr") { Description = "A PCR of the attestation document; repeatable", HelpName = "N=HEX" };
    private static readonly Option<string?> s_measurements = new("--measurements") { Description = "Attested as this release: a measurements.json", HelpName = "FILE" };

    public static Command Create()
    {
        Command command = new(
            "simulate",
            """
            Decide one request as AWS documents it, and say by which statement and which condition. Exit code 0: allowed; 2: denied.
            Without --pcr and --measurements the request has no attestation document; without --iam nobody has an identity policy.

            Examples:
              measure policy simulate policy.json --principal arn:aws:iam::111122223333:role/admin --action kms:Decrypt
              measure policy simulate policy.json --principal arn:aws:iam::111122223333:role/appliance --action kms:Decrypt \
                --measurements out/measurements.json --context aws:SourceVpc=vpc-1
            """)
        {
            PolicyInputs.Policy, s_principal, s_action, s_context, s_pcr, s_measurements,
            PolicyInputs.Identity, PolicyInputs.ServiceControl, PolicyInputs.ResourceControl, PolicyInputs.Grants, PolicyInputs.Key, PolicyInputs.At, PolicyInputs.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        PolicyDocument policy = PolicyInputs.ReadPolicy(parsed);
        string action = parsed.GetValue(s_action)!;
        KeyRequest request = new()
        {
            Principal = RequestPrincipal.Parse(parsed.GetValue(s_principal)!),
            Action = KmsAction.Find(action)?.Name ?? throw new UserErrorException($"\"{action}\" is no action on a key", "for example kms:Decrypt", ExitCode.Usage),
            Key = PolicyInputs.KeyOf(parsed, policy),
            Attestation = Attestation(parsed),
            Time = PolicyInputs.TimeOf(parsed),
            Context = [.. (parsed.GetValue(s_context) ?? []).Select(Pair).Select(pair => new KeyValuePair<string, IReadOnlyList<string>>(pair.Key, pair.Value.Split('|')))],
        };
        Decision decision = KeyPolicySimulator.Evaluate(PolicyInputs.ReadSet(parsed, policy, assumes: false), request, trace: true);
        return PolicyInputs.Finish(parsed, json => Write(json, request, decision), output => Write(output, request, decision), decision.IsAllowed);
    }

    private static void Write(Utf8JsonWriter json, KeyRequest request, Decision decision)
    {
        json.WriteString("request", request.ToString());
        json.WriteBoolean("allowed", decision.IsAllowed);
        json.WriteString("reason", decision.Reason);
        json.WriteStartArray("statements");
        foreach (StatementOutcome outcome in decision.Trace)
        {
            json.WriteStartObject();
            json.WriteString("policy", outcome.Policy);
            json.WriteNumber("statement", outcome.Statement.Index + 1);
            json.WriteString("sid", outcome.Statement.Sid);
            json.WriteString("effect", outcome.Statement.IsAllow ? "Allow" : "Deny");
            json.WriteBoolean("applies", outcome.Applies);
            json.WriteString("because", outcome.Because);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(TextWriter output, KeyRequest request, Decision decision)
    {
        output.WriteLine($"{(decision.IsAllowed ? "allowed" : "denied")}: {request}");
        output.WriteLine($"  {decision.Reason}");
        foreach (StatementOutcome outcome in decision.Trace)
        {
            output.WriteLine($"  {(outcome.Applies ? "applies" : "-")}  {outcome.Policy}, {(outcome.Statement.IsAllow ? "Allow" : "Deny")} {outcome.Statement.Label}: {outcome.Because}");
        }
    }

    private static AttestedPcrs? Attestation(ParseResult parsed)
    {
        string[] given = parsed.GetValue(s_pcr) ?? [];
        AttestedPcrs? release = parsed.GetValue(s_measurements) is { } file ? PolicyInputs.ReadMeasurements(file) : null;
        if (given.Length == 0)
        {
            return release;
        }

        Dictionary<int, string> values = release is null ? [] : new(release.Values);
        foreach ((string number, string value) in given.Select(Pair))
        {
            values[int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int pcr) && pcr <= 23
                ? pcr : throw new UserErrorException($"\"{number}\" is no PCR", "0 to 23", ExitCode.Usage)] = value.ToLowerInvariant();
        }

        return new() { Name = "the given PCRs", Values = values };
    }

    private static KeyValuePair<string, string> Pair(string word) => word.IndexOf('=', StringComparison.Ordinal) is > 0 and int at
        ? new(word[..at], word[(at + 1)..])
        : throw new UserErrorException($"\"{word}\" must be such as NAME=VALUE", null, ExitCode.Usage);
}
