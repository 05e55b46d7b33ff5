namespace Mantle.Repository.Tests;

public class Placeholder
{
    [Fact]
    public void Delete_me() => Assert.True(true);
}
