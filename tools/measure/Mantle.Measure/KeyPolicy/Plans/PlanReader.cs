using Mantle.Formats.Bytes;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.Prediction;
using Mantle.Measure.Text;

namespace Mantle.Measure.KeyPolicy.Plans;

/// <summary>Reads a binding plan: strict YAML, every refusal with file, line and column (docs/key-policy.md).</summary>
public static class PlanReader
{
    private const string Noun = "a binding plan";
    private const int MaximumLength = 1 << 18;

    /// <summary>Condition words of a plan and the context keys behind them.</summary>
    private static readonly (string Word, string Key)[] s_conditions =
    [
        ("source-vpc", "aws:SourceVpc"),
        ("source-vpc-endpoint", "aws:SourceVpce"),
        ("region", "aws:RequestedRegion"),
        ("caller-account", "kms:CallerAccount"),
        ("source-account", "aws:SourceAccount"),
        ("organization", "aws:PrincipalOrgID"),
    ];

    /// <summary>Reads a plan, and the measurements that it names, relative to it.</summary>
    /// <exception cref="UserErrorException">The plan is not sound, or a file is not there.</exception>
    public static BindingPlan ReadFile(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return Parse(Path.GetFileName(path), YamlDocument.ReadText(path, Noun, MaximumLength, "name a plan such as policies/kms/sample.yaml"), name =>
        {
            string file = Path.Combine(folder, name);
            return File.Exists(file) ? ByteSource.FromMemory(File.ReadAllBytes(file)) : throw new UserErrorException($"\"{file}\" does not exist", null, ExitCode.Environment);
        });
    }

    /// <summary>Reads a plan.</summary>
    /// <param name="file">What messages call it.</param>
    /// <param name="text">The plan.</param>
    /// <param name="open">Opens a measurements.json by the path that the plan gives, relative to the plan; null refuses such paths.</param>
    /// <exception cref="UserErrorException">The plan is not sound; the place is named.</exception>
    public static BindingPlan Parse(string file, string text, Func<string, ByteSource>? open = null)
    {
        if (text.Length > MaximumLength)
        {
            throw new UserErrorException($"{file}: {text.Length} characters are more than the {MaximumLength} that a plan can have");
        }

        YamlMap plan = new(file, "plan", YamlDocument.Load(file, text, Noun));
        plan.Text("version", value => value == "1" ? null : "1");
        PlanPhase phase = Word(plan.Text("phase", value => IsWord<PlanPhase>(value) ? null : "bootstrap, final or sealed"), PlanPhase.Final);
        YamlMap key = plan.Map("key");
        KeyIdentity identity = new(
            key.OneOf("partition", "aws", "aws", "aws-cn", "aws-us-gov"),
            key.Text("region", value => value.Length > 0 && value.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-') ? null : "a region such as eu-central-1"),
            key.Text("account", value => RequestPrincipal.IsAccount(value) ? null : "the twelve digits of an account, in quotes"),
            key.OptionalText("id", value => value.Length > 0 && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-') ? null : "a key's identifier") ?? KeyIdentity.UnknownId);
        int window = key.Has("deletion-window") ? (int)key.Number("deletion-window", 7, 30) : 30;
        string? alias = key.OptionalText("alias", CheckAlias);
        int? rotation = key.Has("rotation-period") ? (int)key.Number("rotation-period", 90, 2560) : null;
        key.Finish();

        YamlMap instances = plan.Map("instances");
        IReadOnlyList<string> principals = Values(instances.Texts("principals", CheckInstance));
        IReadOnlyList<string> operations = Values(instances.Texts("operations", CheckOperation));
        IReadOnlyList<PlanCondition> conditions = Conditions(instances, operations, identity);
        instances.Finish();
        BindingPlan result = new()
        {
            Key = identity,
            Phase = phase,
            DeletionWindow = window,
            Alias = alias,
            RotationPeriod = rotation,
            Principals = principals.Count > 0 ? principals : throw instances.Refuse("principals", "\"principals\" names no role"),
            Operations = operations.Count > 0 ? operations : throw instances.Refuse("operations", "\"operations\" names nothing to do"),
            Conditions = conditions,
            Administrators = [.. plan.Maps("administrators").Select(node => Administrator(node))],
            Generations = [.. plan.Maps("generations").Select(node => Generation(node, open))],
            Denied = [.. plan.Maps("never").Select(node => Never(node, open))],
        };
        plan.Finish();
        PlanCheck.Check(file, result);
        return result;
    }

    private static IReadOnlyList<string> Values(IReadOnlyList<Located<string>> texts) => [.. texts.Select(text => text.Value)];

    private static IReadOnlyList<PlanCondition> Conditions(YamlMap instances, IReadOnlyList<string> operations, KeyIdentity key)
    {
        if (instances.OptionalMap("conditions") is not { } node)
        {
            return [];
        }

        List<PlanCondition> conditions = [];
        foreach ((string word, string contextKey) in s_conditions)
        {
            IReadOnlyList<string> values = Values(node.Texts(word, CheckPlain));
            if (values.Count > 0)
            {
                conditions.Add(new(contextKey, values));
            }
        }

        if (conditions.FirstOrDefault(one => one.Key == "aws:RequestedRegion") is { } region && !region.Values.Contains(key.Region))
        {
            throw node.Refuse("region", $"\"region\" leaves out the key's own region {key.Region}, so nothing could use the key");
        }

        foreach ((string name, string value) in node.Table("encryption-context"))
        {
            if (CheckPlain(name) is { } right || (right = CheckPlain(value)) is not null)
            {
                throw node.Refuse("encryption-context", $"\"{name}: {value}\" must be {right}");
            }

            if (operations.FirstOrDefault(operation => KmsAction.Find(operation) is { HasContext: false }) is { } without)
            {
                throw node.Refuse("encryption-context", $"{without} has no encryption context, so this condition would forbid it");
            }

            conditions.Add(new($"kms:EncryptionContext:{name}", [value]));
        }

        node.Finish();
        return conditions;
    }

    private static PlanAdministrator Administrator(YamlMap node)
    {
        string principal = node.Text("principal", CheckRoleOrUser);
        IReadOnlyList<string> may = Values(node.Texts("may", word => AdministratorRight.Find(word) is null ? $"one of {string.Join(", ", AdministratorRight.All.Select(right => right.Name))}" : null));
        node.Finish();
        return may.Count == 0
            ? throw node.Refuse("may", $"\"{principal}\" may do nothing; leave it out")
            : new(principal, [.. AdministratorRight.All.Select(right => right.Name).Where(may.Contains)]);
    }

    private static PlanGeneration Generation(YamlMap node, Func<string, ByteSource>? open)
    {
        string name = node.Text("name", CheckName);
        GenerationState state = Word(node.Text("state", value => IsWord<GenerationState>(value) ? null : "canary, current, retiring or revoked"), GenerationState.Current);
        DateTimeOffset? until = node.Has("until") ? node.Time("until") : null;
        if (until is null == (state == GenerationState.Retiring))
        {
            throw node.Refuse("until", state == GenerationState.Retiring ? $"generation \"{name}\" is retiring and needs \"until\"" : "only a retiring generation has \"until\"");
        }

        AttestedPcrs pcrs = Pcrs(node, name, open);
        IReadOnlyList<string> principals = Values(node.Texts("principals", CheckInstance));
        node.Finish();
        return new() { Name = name, State = state, Until = until, Pcrs = pcrs, Principals = principals };
    }

    private static AttestedPcrs Never(YamlMap node, Func<string, ByteSource>? open)
    {
        AttestedPcrs pcrs = Pcrs(node, node.Text("name", CheckName), open);
        node.Finish();
        return pcrs;
    }

    private static AttestedPcrs Pcrs(YamlMap node, string name, Func<string, ByteSource>? open)
    {
        if (node.Has("measurements") == node.Has("pcrs"))
        {
            throw node.Refuse("name", $"\"{name}\" needs either \"measurements\" (a file) or \"pcrs\"");
        }

        if (node.OptionalMap("pcrs") is { } values)
        {
            Dictionary<int, string> pcrs = AttestedPcrs.Bound.ToDictionary(pcr => pcr, pcr => values.Text($"{pcr}", CheckDigest));
            values.Finish();
            return new() { Name = name, Values = pcrs };
        }

        string path = node.Text("measurements");
        try
        {
            return ReleasePcrs.Of(name, MeasurementsDocument.Read((open ?? throw node.Refuse("measurements", "no file can be read here"))(path)));
        }
        catch (MalformedInputException e)
        {
            throw node.Refuse("measurements", $"{path}: {e.Message}");
        }
    }

    private static string? CheckInstance(string value) => RequestPrincipal.TryParse(value) is { Type: PrincipalType.RoleSession } && value.Contains(":role/", StringComparison.Ordinal) && CheckPlain(value) is null
        ? null
        : "the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME)";

    private static string? CheckRoleOrUser(string value) => value.Contains(":user/", StringComparison.Ordinal) && RequestPrincipal.TryParse(value) is not null && CheckPlain(value) is null ? null : CheckInstance(value);

    private static string? CheckOperation(string value) =>
        KmsAction.Find(value) is { IsAttestable: true } action && action.Name == value ? null
        : value == "kms:GenerateRandom" ? "an operation on the key; GenerateRandom uses none, so no key policy is asked"
        : $"one of {string.Join(", ", KmsAction.Named(KmsEffect.AttestedPlaintext))}: only these take an attestation document";

    private static string? CheckDigest(string value) => value.Length == AttestedPcrs.HexLength && value.All(char.IsAsciiHexDigitLower)
        ? null
        : $"a SHA-384 value: {AttestedPcrs.HexLength} hexadecimal digits in lower case";

    private static string? CheckName(string value) => value.Length is > 0 and <= 64 && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' or '+' or '~')
        ? null : "1 to 64 letters, digits and . - _ + ~";

    /// <summary>KMS API Reference, CreateAlias: what a name can be.</summary>
    private static string? CheckAlias(string value) =>
        value.StartsWith("alias/", StringComparison.Ordinal) && value.Length is > 6 and <= 256 && !value.StartsWith("alias/aws/", StringComparison.Ordinal)
        && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '-')
            ? null : "a name such as alias/appliance";

    /// <summary>Wildcards and variables would let in more than the plan's words say.</summary>
    private static string? CheckPlain(string value) => value.Length > 0 && value.AsSpan().IndexOfAny("*?$") < 0 && value.All(letter => letter is >= ' ' and <= '~') ? null : "text without wildcards and variables";

    private static bool IsWord<T>(string text) where T : struct, Enum => text.All(char.IsAsciiLetterLower) && Enum.TryParse<T>(text, ignoreCase: true, out _);

    private static T Word<T>(string text, T otherwise) where T : struct, Enum => Enum.TryParse(text, ignoreCase: true, out T value) ? value : otherwise;
}
