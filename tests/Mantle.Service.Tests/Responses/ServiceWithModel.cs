using System.Text;
using System.Text.Json;
using Mantle.Service.Tests.Training;
using Mantle.Testing;

namespace Mantle.Service.Tests.Responses;

/// <summary>The program with a tiny model, for all tests of a class.</summary>
public sealed class ServiceWithModel : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ServiceWithModel()
    {
        File.WriteAllBytes(folder["model"], TinyModel.File(TinyModel.Untrained));
        Service = RunningService.StartWith(["--weights", folder["model"]]);
    }

    public RunningService Service { get; }

    public async Task<(int Status, JsonElement Body)> PostAsync(string json, string type = "application/json")
    {
        using StringContent content = new(json, Encoding.UTF8, type);
        using HttpResponseMessage answer = await Service.Client.PostAsync("/v1/responses", content);
        return ((int)answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    public void Dispose()
    {
        Service.Dispose();
        folder.Dispose();
    }
}
