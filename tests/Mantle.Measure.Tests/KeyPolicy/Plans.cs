using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Testing;

namespace Mantle.Measure.Tests.KeyPolicy;

/// <summary>Plans for tests: the sample, and any.</summary>
internal static class Plans
{
    public const string Account = "111122223333";

    public static readonly KeyIdentity Key = new("aws", "eu-central-1", Account, "1234abcd-12ab-34cd-56ef-1234567890ab");

    private static readonly string[] s_roles = ["arn:aws:iam::111122223333:role/appliance", "arn:aws:iam::111122223333:role/path/canary", "arn:aws:iam::444455556666:role/customer"];
    private static readonly string[] s_operations = ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair"];
    private static readonly string[] s_rights = ["read", "encrypt", "rotate", "disable", "schedule-deletion", "revoke-grants", "manage-aliases", "tag"];
    private static readonly PlanCondition[] s_conditions = [new("aws:SourceVpc", ["vpc-1", "vpc-2"]), new("aws:SourceVpce", ["vpce-1"]), new("kms:EncryptionContext:app", ["sample"])];

    public static string SampleFile => Repository.PathOf("policies", "kms", "sample.yaml");

    public static BindingPlan Sample => PlanReader.Parse("sample.yaml", File.ReadAllText(SampleFile));

    /// <summary>Plans of 0 to 4 generations, some of which share registers in every way.</summary>
    public static Gen<BindingPlan> Any { get; } =
        from phase in Gen.Enum<PlanPhase>()
        from roles in Gen.Int[1, 3]
        from operations in Gen.Int[1, 3]
        from conditions in Gen.Int[0, 7]
        from rights in Gen.Int[0, 255]
        from window in Gen.Int[7, 30]
        from generations in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1], Gen.Enum<GenerationState>(), Gen.Int[0, 3]).Array[1, 4]
        from twins in Gen.Int[0, 2]
        select Make(phase, roles, operations, conditions, rights, window, generations, twins);

    public static AttestedPcrs Pcrs(string name, int pcr4, int pcr7 = 0) => new()
    {
        Name = name,
        Values = new Dictionary<int, string> { [4] = Digest($"4/{pcr4}"), [7] = Digest($"7/{pcr7}"), [12] = AttestedPcrs.Zero, [13] = AttestedPcrs.Zero },
    };

    public static string Digest(string text) => Convert.ToHexStringLower(SHA384.HashData(Encoding.UTF8.GetBytes(text)));

    private static BindingPlan Make(PlanPhase phase, int roles, int operations, int conditions, int rights, int window, (int, int, GenerationState, int)[] generations, int twins)
    {
        List<PlanGeneration> made = [];
        foreach ((int pcr4, int pcr7, GenerationState state, int role) in generations)
        {
            string name = $"1.{made.Count}";
            // A register value that is revoked cannot be another generation's.
            AttestedPcrs pcrs = Pcrs(name, state == GenerationState.Revoked ? pcr4 + 10 : pcr4, pcr7);
            if (!made.Any(one => one.Pcrs.Equals4(pcrs)))
            {
                made.Add(new()
                {
                    Name = name,
                    State = made.Count == 0 ? GenerationState.Current : state,
                    Until = made.Count > 0 && state == GenerationState.Retiring ? new DateTimeOffset(2027, 1 + made.Count, 1, 0, 0, 0, TimeSpan.Zero) : null,
                    Pcrs = made.Count == 0 ? Pcrs(name, pcr4, pcr7) : pcrs,
                    Principals = role < roles ? [s_roles[role]] : [],
                });
            }
        }

        made[0] = made[0] with { State = GenerationState.Current, Until = null };
        List<PlanAdministrator> administrators = [new("arn:aws:iam::111122223333:role/custodian", [.. AdministratorRight.All.Select(right => right.Name).Where(name => name == AdministratorRight.ReplacePolicy || Chosen(name))])];
        if ((rights & 1) == 1)
        {
            administrators.Add(new("arn:aws:iam::111122223333:user/ops/alice", ["read", "encrypt"]));
        }

        return new()
        {
            Key = Key,
            Phase = phase,
            DeletionWindow = window,
            Principals = s_roles[..roles],
            Operations = s_operations[..operations],
            Conditions = [.. s_conditions.Where((_, i) => (conditions >> i & 1) == 1)],
            Administrators = administrators,
            Generations = made,
            Denied = [.. Enumerable.Range(0, twins).Select(i => Pcrs($"twin{i}", 100 + i))],
        };

        bool Chosen(string name) => Array.IndexOf(s_rights, name) is >= 0 and int bit && (rights >> bit & 1) == 1;
    }
}
