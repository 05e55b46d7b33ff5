using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Erofs;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;
using Mantle.Measure.Comparison;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Unbound;

/// <summary>What an image's bytes say about the traits that changes act through. Null: they cannot be looked into.</summary>
internal sealed record SystemFacts(bool? HasSystemd, bool? HasMetadataAgent, bool? HasVerifiedRoot)
{
    private static readonly string[] s_systemd = ["usr/lib/systemd/systemd", "lib/systemd/systemd", "usr/bin/systemd"];

    private static readonly string[] s_agents =
    [
        "usr/bin/cloud-init", "usr/bin/amazon-ssm-agent", "usr/bin/ec2-instance-connect", "usr/bin/ignition", "usr/lib/dracut/modules.d/30ignition",
        "usr/bin/afterburn", "usr/bin/coreos-cloudinit", "usr/bin/nitro-enclaves-allocator",
    ];

    public static SystemFacts Of(ByteSource image, string name)
    {
        BootFile boot = BootFileLocator.Locate(image, name);
        UkiImage uki = UkiReader.Read(boot.Content);
        List<FileTree> trees = [];
        bool isComplete = uki.TryGetSection(UkiSectionName.Initrd, out ByteSource? initrd) && TryRead(() => CpioReader.ReadTree(initrd), trees);
        bool? isVerified = null;
        if (boot.GptEvent is not null)
        {
            GptTable table = GptReader.Read(image);
            GptPartition? root = table.Partitions.FirstOrDefault(partition => ErofsReader.IsErofs(partition.Content));
            isComplete &= root is not null && TryRead(() => ErofsReader.Open(root.Content).ReadTree(), trees);
            isVerified = VerityComparer.RootHashOf(table) is { } rootHash && uki.TryGetSection(UkiSectionName.CommandLine, out ByteSource? line)
                && line.Length < 1 << 16 && Encoding.Latin1.GetString(line.ToArray()).Split(' ').Contains($"roothash={rootHash}");
        }
        else
        {
            isComplete = false;
        }

        return new(Has(trees, s_systemd, isComplete), Has(trees, s_agents, isComplete), isVerified);
    }

    /// <summary>What a change does in this system.</summary>
    public ChangeEffect Resolve(AttackerChange change) => change.Effect != ChangeEffect.DependsOnSystem ? change.Effect : change.Trait switch
    {
        SystemTrait.Systemd => FromTrait(HasSystemd, ChangeEffect.NoOther),
        SystemTrait.MetadataAgent => FromTrait(HasMetadataAgent, ChangeEffect.NoOther),
        _ => FromTrait(!HasVerifiedRoot, change.Id == "extra-disk" ? ChangeEffect.NoOther : ChangeEffect.Refused),
    };

    private static ChangeEffect FromTrait(bool? has, ChangeEffect without) =>
        has switch { true => ChangeEffect.RunsOther, false => without, null => ChangeEffect.DependsOnSystem };

    private static bool? Has(List<FileTree> trees, string[] paths, bool isComplete) =>
        trees.Exists(tree => paths.Any(path => tree.TryFind(path, out _))) ? true : isComplete ? false : null;

    /// <summary>A compressed or foreign content is none that can be looked into.</summary>
    private static bool TryRead(Func<FileTree> read, List<FileTree> trees)
    {
        try
        {
            trees.Add(read());
            return true;
        }
        catch (MalformedInputException)
        {
            return false;
        }
    }
}
