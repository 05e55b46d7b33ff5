namespace Mantle.Measure.Tests.Audit.Corpus;

/// <summary>Every planted way in is found, by the rule that is meant for it and where it is.</summary>
public class AttackCorpusTests
{
    private static readonly Attack[] s_attacks = [.. RemoteAttacks.All, .. BootAttacks.All, .. PrivilegeAttacks.All];

    public static TheoryData<string> Names => [.. s_attacks.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_attack_is_found_by_the_rule_meant_for_it(string name)
    {
        Attack attack = Assert.Single(s_attacks, attack => attack.Name == name);
        attack.Image.Audit().Finds(attack.Rule, attack.Place);
    }

    [Fact]
    public void No_attack_is_there_twice() => Assert.Equal(s_attacks.Length, s_attacks.Select(attack => attack.Name).Distinct().Count());
}
