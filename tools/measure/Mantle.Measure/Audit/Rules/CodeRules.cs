using Mantle.Measure.Audit.Rules.Code;

namespace Mantle.Measure.Audit.Rules;

/// <summary>The rules that are classes, by the name that <c>code:</c> has.</summary>
internal static class CodeRules
{
    public static IReadOnlyDictionary<string, ICodeRule> All { get; } = new Dictionary<string, ICodeRule>(StringComparer.Ordinal)
    {
        [nameof(RootNotProtected)] = new RootNotProtected(),
        [nameof(RootHashNotBound)] = new RootHashNotBound(),
        [nameof(RootHashBroken)] = new RootHashBroken(),
        [nameof(WeakVerityHash)] = new WeakVerityHash(),
        [nameof(VerityMode)] = new VerityMode(),
        [nameof(CommandLineOpen)] = new CommandLineOpen(),
        [nameof(ExtraPartition)] = new ExtraPartition(),
        [nameof(EspCompanion)] = new EspCompanion(),
        [nameof(AutomaticPartitions)] = new AutomaticPartitions(),
        [nameof(SeveralKernels)] = new SeveralKernels(),
        [nameof(UnsignedBesideSigned)] = new UnsignedBesideSigned(),
        [nameof(LockdownLeftOut)] = new LockdownLeftOut(),
    };
}
