using Mantle.Formats.Tree;
using Mantle.Measure.Tests.Comparison;
using Mantle.Measure.Unbound;

namespace Mantle.Measure.Tests.Unbound;

public class UnboundTests
{
    [Fact]
    public void The_default_binding_leaves_no_change_that_changes_what_runs()
    {
        UnboundReport report = UnboundFinder.Find(UnboundFinder.DefaultBound, secureBoot: true, new TestImage().Disk());
        Assert.Empty(report.Holes);
        Assert.Empty(report.Open);
        Assert.Empty(report.Contradictions);
        Assert.Empty(UnboundFinder.Find(UnboundFinder.DefaultBound, secureBoot: true).Holes);
    }

    [Theory]
    [InlineData("4", true, "secure-boot-off-is-not-bound")]
    [InlineData("7,12,13", true, "older-release")]
    [InlineData("4,7,13", true, "smbios-command-line")]
    [InlineData("4,7,13", true, "credential")]
    [InlineData("4,7,12", true, "system-extension")]
    [InlineData("4,7,12,13", false, "firmware-driver")]
    [InlineData("12,13", false, "other-boot-file")]
    [InlineData("", false, "load-options")]
    public void A_weaker_binding_has_holes_that_are_named(string bound, bool secureBoot, string hole)
    {
        UnboundReport report = UnboundFinder.Find([.. bound.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)], secureBoot);
        if (hole == "secure-boot-off-is-not-bound")
        {
            // Without PCR 7 Secure Boot holds nobody back, even where it is on.
            Assert.False(report.SecureBoot);
            hole = "firmware-driver";
        }

        Assert.Contains(report.Holes, change => change.Change.Id == hole);
    }

    [Fact]
    public void Pcr_2_closes_the_last_hole_without_secure_boot() =>
        Assert.Empty(UnboundFinder.Find([2, 4, 7, 12, 13], secureBoot: false, new TestImage().Disk()).Holes);

    [Fact]
    public void Each_change_of_bytes_really_moves_what_the_table_says()
    {
        UnboundReport report = UnboundFinder.Find(UnboundFinder.DefaultBound, secureBoot: false, new TestImage().Disk());
        Dictionary<string, ChangeTrial> trials = report.Changes.Where(change => change.Trial is not null).ToDictionary(change => change.Change.Id, change => change.Trial!);
        Assert.Equal([4, 9, 11], trials["boot-file-code"].Moved);
        Assert.Equal([4, 9, 11], trials["boot-file-cmdline"].Moved);
        Assert.Equal([5], trials["partition-table"].Moved);
        foreach (string id in (string[])["boot-file-checksum", "esp-other-file", "esp-metadata", "loader-configuration", "random-seed", "partition-table-backup", "root-bytes", "verity-bytes"])
        {
            Assert.Empty(trials[id].Moved!);
        }

        Assert.Equal("dm-verity notices", trials["root-bytes"].Remark);
        Assert.Equal("dm-verity notices", trials["verity-bytes"].Remark);
        Assert.Empty(report.Contradictions);
    }

    [Theory]
    [InlineData("usr/lib/systemd/systemd", "smbios-credential")]
    [InlineData("usr/bin/cloud-init", "user-data")]
    public void A_system_that_acts_on_unmeasured_data_has_a_hole(string program, string hole)
    {
        TestImage image = new() { ChangeRoot = tree => tree.Put(program, FileNode.Regular(TestImage.Text("x"))) };
        Assert.Contains(UnboundFinder.Find(UnboundFinder.DefaultBound, secureBoot: true, image.Disk()).Holes, change => change.Change.Id == hole);
    }

    [Fact]
    public void A_uki_alone_cannot_tell_everything()
    {
        TestImage image = new();
        Assert.NotEmpty(UnboundFinder.Find(UnboundFinder.DefaultBound, secureBoot: true, image.Uki(new byte[32])).Open);
    }

    [Fact]
    public void Names_are_unique_and_documented()
    {
        string documentation = File.ReadAllText(Mantle.Testing.Repository.PathOf("docs", "unbound.md"));
        foreach (bool secureBoot in (bool[])[true, false])
        {
            IReadOnlyList<AttackerChange> changes = AttackerChanges.For(secureBoot);
            Assert.Equal(changes.Count, changes.Select(change => change.Id).Distinct().Count());
            Assert.All(changes, change => Assert.Contains($"`{change.Id}`", documentation, StringComparison.Ordinal));
        }
    }
}
