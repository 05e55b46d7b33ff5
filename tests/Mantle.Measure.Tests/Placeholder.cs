namespace Mantle.Measure.Tests;

public class Placeholder
{
    [Fact]
    public void Delete_me() => Assert.True(true);
}
